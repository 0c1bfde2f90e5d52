package broker

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

// scriptedListener gives what is put into next; closing next closes it.
type scriptedListener struct {
	net.Listener
	next chan any
}

func (l *scriptedListener) Accept() (net.Conn, error) {
	switch v := (<-l.next).(type) {
	case net.Conn:
		return v, nil
	case error:
		return nil, v
	}
	return nil, net.ErrClosed
}

func TestAcceptLivesThroughErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &scriptedListener{next: make(chan any)}
		stop, served := make(chan struct{}), make(chan net.Conn, 1)
		go accept(l, zap.NewNop(), stop, func(c net.Conn) { served <- c })

		began := time.Now()
		for range 12 {
			l.next <- errors.New("too many open files")
		}
		client, server := net.Pipe()
		defer client.Close()
		l.next <- server
		if got := <-served; got != server {
			t.Error("another connection was served")
		}
		// 5, 10, … 640 ms, then a second each.
		if took := time.Since(began); took != 5275*time.Millisecond {
			t.Errorf("twelve errors took %v", took)
		}
		close(l.next)
	})
}

func TestAcceptStopsWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &scriptedListener{next: make(chan any)}
		stop, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			accept(l, zap.NewNop(), stop, func(net.Conn) {})
		}()
		began := time.Now()
		l.next <- errors.New("too many open files")
		synctest.Wait()
		close(stop)
		<-ended
		if took := time.Since(began); took != 0 {
			t.Errorf("it waited %v", took)
		}
	})
}

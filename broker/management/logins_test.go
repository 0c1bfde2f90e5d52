package management

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/broker/auth"
)

var here = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}

func TestLoginIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1)
		l := newLogins(f)
		try := func(password string) error {
			_, err := l.check(context.Background(), "guest", password, here)
			return err
		}
		for range 5 {
			if err := try("secret"); err != nil {
				t.Fatal(err)
			}
		}
		if f.logins != 1 {
			t.Errorf("the password was checked %d times", f.logins)
		}
		if err := try("other"); !errors.Is(err, auth.ErrPassword) {
			t.Errorf("another password: %v", err)
		}
		f.password, f.hash = "new", "of new" // it is changed
		if err := try("secret"); !errors.Is(err, auth.ErrPassword) {
			t.Errorf("the old password: %v", err)
		}
		if err := try("new"); err != nil {
			t.Errorf("the new password: %v", err)
		}
		before := f.logins
		time.Sleep(passFor + time.Second)
		if err := try("new"); err != nil || f.logins != before+1 {
			t.Errorf("after a while: %v, checked %d times more", err, f.logins-before)
		}
		if _, err := l.check(context.Background(), "", "secret", here); err == nil {
			t.Error("nobody is let in")
		}
	})
}

func TestFailedLoginsAreSlowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogins(newFake(1))
		try := func(user, password string, from net.IP) time.Duration {
			begin := time.Now()
			_, _ = l.check(context.Background(), user, password, &net.TCPAddr{IP: from}) // how long it takes matters
			return time.Since(begin)
		}
		near, far := net.IPv4(10, 0, 0, 1), net.IPv4(10, 0, 0, 2)
		for i := range failuresFree {
			if took := try("guest", "x", near); took != 0 {
				t.Errorf("failure %d took %v", i, took)
			}
		}
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
			if took := try("guest", "x", near); took != want*firstDelay {
				t.Errorf("took %v, want %v", took, want*firstDelay)
			}
		}
		if took := try("guest", "x", far); took != 0 {
			t.Errorf("from elsewhere it took %v", took)
		}
		if took := try("guest", "secret", near); took == 0 {
			t.Error("the right password came through at once")
		}
		if took := try("guest", "x", near); took != 0 {
			t.Errorf("after a success it took %v", took)
		}
		for range failuresFree + 3 {
			try("guest", "x", near)
		}
		time.Sleep(failuresFor + time.Second)
		if took := try("guest", "x", near); took != 0 {
			t.Errorf("after a while it took %v", took)
		}
	})
}

func TestWaitingForLoginEndsWithTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogins(newFake(1))
		for range failuresFree + 1 {
			_, _ = l.check(context.Background(), "guest", "x", here) // fails
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := l.check(ctx, "guest", "x", here); !errors.Is(err, context.Canceled) {
			t.Errorf("the client has gone: %v", err)
		}
	})
}

func TestFailuresAreBounded(t *testing.T) {
	l := newLogins(newFake(1))
	for i := range maxFailed + 100 {
		l.noteFailed(fmt.Sprint(i))
	}
	if n := len(l.failed); n > maxFailed {
		t.Errorf("%d are remembered", n)
	}
}

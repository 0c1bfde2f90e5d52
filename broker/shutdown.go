package broker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
)

// shutdownGrace is how long clients are given to answer connection.close.
const shutdownGrace = time.Second

// Shutdown ends the broker: no new connections, a connection.close for
// every client, then queues and store are closed. Clients are given until ctx
// ends, and a second at most, to answer; then their sockets are closed.
//
// It returns when everything is released, with the error that a failed store
// or its closing gave. Further calls wait for the first.
func (b *Broker) Shutdown(ctx context.Context) error {
	b.stop.Do(func() { go b.teardown(ctx) })
	<-b.done
	return b.Err()
}

// teardown runs once; its end closes done.
func (b *Broker) teardown(ctx context.Context) {
	defer close(b.done)
	close(b.stopping)
	if len(b.allDoors()) > 0 {
		b.log.Info("shutting down")
		defer b.log.Info("shut down")
	}
	b.realm.close()
	b.shovels.Stop()
	b.watched.Close()
	closeAll(b.doors)
	b.accepting.Wait()
	b.watching.Wait()
	b.arrivals.end()
	b.endClients(ctx)
	b.closeLocal()
	// Before the virtual hosts: what is due now is not begun any more.
	if b.clock != nil {
		b.clock.Close()
	}
	b.admin.Lock()
	defer b.admin.Unlock()
	for _, h := range b.residents.all() {
		h.Close()
	}
	if err := b.closeStore(); err != nil {
		b.log.Error("cannot close the store", zap.Error(err))
		b.setErr(err)
	}
	b.memory.end()
	b.session.Load().Limits.Close()
}

// endClients tells every client to go and returns when all have gone.
func (b *Broker) endClients(ctx context.Context) {
	b.sessions.refuse()
	for _, s := range b.sessions.all() {
		s.Close(amqp.Errorf(amqp.ConnectionForced, "broker forced connection closure with reason 'shutdown'"))
	}
	// From now on: a machine that has stalled until here has not let them answer.
	ctx, cancel := context.WithTimeout(ctx, shutdownGrace)
	defer cancel()
	var views sync.WaitGroup
	views.Go(func() { b.management.stop(ctx) })
	views.Go(func() { b.prometheus.stop(ctx) })
	b.endSessions(ctx)
	views.Wait()
}

// endSessions returns when all clients have gone, which were told to.
func (b *Broker) endSessions(ctx context.Context) {
	ended := b.sessions.ended()
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	if n := b.sessions.cut(); n > 0 {
		b.log.Warn("clients did not answer in time, their sockets were closed", zap.Int("clients", n))
	}
	<-ended
}

func (b *Broker) closeStore() error {
	if b.store == nil {
		return nil
	}
	if err := b.store.Close(); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	if b.overflow == nil {
		return nil
	}
	if err := b.overflow.Close(); err != nil {
		return fmt.Errorf("close the overflow: %w", err)
	}
	return nil
}

package perf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// load is a run under way.
type load struct {
	// immutable once the run has begun
	options   *Options
	target    target
	clock     clock
	id        uint16 // of the run, in its stamps
	meter     *meter
	topology  *topology
	producers []*producer
	consumers []*consumer
	fail      context.CancelFunc // ends the run

	// guarded by mu
	mu   sync.Mutex
	errs []error
}

// Run puts a broker under load until all is sent, the time is over, ctx ends or
// a connection fails; a line of progress goes to progress at every interval.
// When ctx ends, as when the time is over, what is on its way is waited for, but
// not for long.
//
// The result is nil if the run could not begin. The error says what went wrong:
// a connection was lost, or messages were, or their order.
func Run(ctx context.Context, o Options, progress io.Writer) (*Result, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	to, err := parseURI(o.URI)
	if err != nil {
		return nil, err
	}
	l := &load{
		options: &o, target: to, clock: newClock(), id: uint16(rand.Uint32()) & runMask,
		meter: &meter{confirm: newLatency(), delivery: newLatency()},
	}
	admin, err := dial(ctx, to, l.clock)
	if err != nil {
		return nil, err
	}
	defer admin.hangUp()
	admin.expire(setupPatience)
	if l.topology, err = newTopology(admin, &o); err != nil {
		return nil, err
	}
	_ = admin.sock.SetDeadline(time.Time{})

	if err := l.connect(ctx); err != nil {
		l.hangUp()
		return nil, errors.Join(err, l.clear(admin))
	}
	r := l.run(ctx, progress)
	errs := append(l.errs, l.verdict(r)...)
	if err := l.clear(admin); err != nil && len(errs) == 0 {
		errs = append(errs, err)
	}
	for _, err := range errs {
		r.Errors = append(r.Errors, err.Error())
	}
	return r, errors.Join(errs...)
}

// connect opens all connections, those of consumers first, so that no backlog
// awaits them.
func (l *load) connect(ctx context.Context) error {
	for i := range l.options.Consumers {
		c, err := dial(ctx, l.target, l.clock)
		if err != nil {
			return fmt.Errorf("consumer %d: %w", i, err)
		}
		k, err := newConsumer(c, i, l.options, l.topology, l.id, l.meter)
		if err != nil {
			c.hangUp()
			return fmt.Errorf("consumer %d: %w", i, err)
		}
		l.consumers = append(l.consumers, k)
	}
	for i := range l.options.Producers {
		c, err := dial(ctx, l.target, l.clock)
		if err != nil {
			return fmt.Errorf("producer %d: %w", i, err)
		}
		p, err := newProducer(c, i, l.options, l.topology, l.id, l.meter)
		if err != nil {
			c.hangUp()
			return fmt.Errorf("producer %d: %w", i, err)
		}
		l.producers = append(l.producers, p)
	}
	return nil
}

// hangUp ends the connections of a run that does not begin.
func (l *load) hangUp() {
	for _, k := range l.consumers {
		k.conn.hangUp()
	}
	for _, p := range l.producers {
		p.conn.hangUp()
	}
}

// run makes the load and returns what was measured.
func (l *load) run(ctx context.Context, progress io.Writer) *Result {
	running, fail := context.WithCancel(ctx)
	defer fail()
	l.fail = fail
	sending := running
	if l.options.Time > 0 {
		timed, cancel := context.WithTimeout(running, l.options.Time)
		defer cancel()
		sending = timed
	}
	receiving, stop := context.WithCancel(context.Background())
	defer stop()

	var producing, consuming sync.WaitGroup
	start := l.clock.now()
	lines := startReporter(l.meter, l.options, l.clock, progress)
	for i, k := range l.consumers {
		consuming.Go(func() { l.failed("consumer", i, k.consume(receiving)) })
	}
	for i, p := range l.producers {
		producing.Go(func() { l.failed("producer", i, p.run(sending)) })
	}
	if len(l.producers) == 0 {
		<-sending.Done()
	}
	producing.Wait()
	sent := l.clock.now()
	stalled := l.drain(ctx, sending.Err() != nil)
	stop()
	consuming.Wait()
	lines.stop()
	r := newResult(l.options, l.meter, start, sent)
	if stalled {
		r.Lost = l.missing()
	} else {
		r.Backlog = l.missing()
	}
	return r
}

// failed notes why a producer or a consumer has ended. The first that fails
// ends the run.
func (l *load) failed(who string, i int, err error) {
	if err == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errs = append(l.errs, fmt.Errorf("%s %d: %w", who, i, err))
	l.fail()
}

func (l *load) hasFailed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.errs) > 0
}

// verdict says what is wrong with what was received. Called when all has ended.
func (l *load) verdict(r *Result) (errs []error) {
	for _, k := range l.consumers {
		if k.disorder != nil {
			errs = append(errs, fmt.Errorf("messages out of order: %w", k.disorder))
		}
	}
	if r.Lost > 0 {
		errs = append(errs, fmt.Errorf("%d messages were lost", r.Lost))
	}
	return errs
}

// clear removes what the run made for itself alone.
func (l *load) clear(admin *conn) error {
	admin.expire(setupPatience)
	if err := l.topology.remove(admin); err != nil {
		return fmt.Errorf("delete queue %s: %w", l.topology.own, err)
	}
	if err := admin.close(); err != nil {
		return fmt.Errorf("end the connection: %w", err)
	}
	return nil
}

package perf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/lepusmq/lepus/amqp"
)

// confirmPatience is how long publishes may stay unconfirmed once no more are
// sent; PerfTest waits as long.
const confirmPatience = 30 * time.Second

// producer publishes over a connection of its own: one goroutine writes, one
// reads what the broker says to it.
type producer struct {
	// immutable
	conn     *conn
	meter    *meter
	id       stamp // of its messages, without number and time
	messages int
	wake     chan struct{} // there may be room now

	// owned by the writer
	train    *train
	pace     *pace
	times    []int64 // when what is written now was sent
	seq      uint64  // of the last message sent
	stranded bool    // it ended before the broker had taken all

	// owned by the reader
	answers int   // not yet counted by the meter
	refused int64 // returned, or nacked
	samples samples

	// guarded by mu
	mu       sync.Mutex
	confirms *confirms // nil without confirms
	blocked  bool
}

func newProducer(c *conn, index int, o *Options, t *topology, run uint16, m *meter) (*producer, error) {
	p := &producer{
		conn: c, meter: m,
		id:       stamp{run: run, producer: uint16(index)},
		messages: o.Messages,
		wake:     make(chan struct{}, 1),
		train: newTrain(publishSpec{
			exchange: t.exchange, key: t.routingKey(index),
			mandatory: o.Mandatory, persistent: o.Persistent,
			size: o.Size, frameMax: c.frameMax,
		}),
		pace: newPace(c.clock, o.Rate),
	}
	if o.Confirm == 0 {
		return p, nil
	}
	p.confirms = newConfirms(o.Confirm)
	return p, c.call(channelID, new(amqp.ConfirmSelect), new(amqp.ConfirmSelectOk))
}

// run publishes until ctx ends or all is sent, waits for what is missing of
// confirms, and ends the connection. It is called once.
func (p *producer) run(ctx context.Context) error {
	defer p.conn.hangUp()
	ended := context.AfterFunc(ctx, p.hurry)
	defer ended()

	reading, stop := context.WithCancel(ctx)
	defer stop()
	heard := make(chan error, 1)
	go func() {
		err := p.listen()
		if err != nil {
			p.conn.hangUp()
		}
		stop()
		heard <- err
	}()

	err := p.publish(reading)
	switch {
	case err == nil:
		err = p.finish(heard)
	case errors.Is(err, os.ErrDeadlineExceeded) && p.isBlocked():
		err = p.strand()
	default:
		// What the broker said last is why.
		p.conn.expire(time.Second)
	}
	if said := <-heard; said != nil && !(err != nil && errors.Is(said, os.ErrDeadlineExceeded)) {
		return said
	}
	return err
}

// hurry ends a write that the broker does not take.
func (p *producer) hurry() {
	patience := setupPatience
	if p.isBlocked() {
		patience = 0
	}
	_ = p.conn.sock.SetWriteDeadline(time.Now().Add(patience))
}

func (p *producer) isBlocked() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blocked
}

// publish writes until ctx ends or all is sent.
func (p *producer) publish(ctx context.Context) error {
	for {
		limit := p.train.len()
		if p.messages > 0 {
			limit = min(limit, p.messages-int(p.seq))
		}
		if limit == 0 {
			return nil
		}
		n := p.await(ctx, limit)
		if n == 0 {
			return nil
		}
		if p.pace != nil {
			if n = p.pace.take(ctx, n); n == 0 {
				return nil
			}
		}
		if err := p.write(n); err != nil {
			return err
		}
	}
}

// await waits until something may be sent and returns how much; 0 when ctx
// ends.
func (p *producer) await(ctx context.Context, limit int) int {
	for ctx.Err() == nil {
		if n := p.room(limit); n > 0 {
			return n
		}
		select {
		case <-p.wake:
		case <-ctx.Done():
		}
	}
	return 0
}

func (p *producer) room(limit int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.blocked:
		return 0
	case p.confirms != nil:
		return min(limit, p.confirms.room())
	}
	return limit
}

// write stamps and sends the next n messages.
func (p *producer) write(n int) error {
	now := p.conn.clock.now()
	p.times = p.times[:0]
	s := p.id
	s.seq = p.seq
	for i := range n {
		s.seq++
		if s.at = now; p.pace != nil {
			s.at = p.pace.at(i)
		}
		p.train.stamp(i, s)
		p.times = append(p.times, s.at)
	}
	p.note()
	if _, err := p.conn.sock.Write(p.train.take(n)); err != nil {
		return err
	}
	p.seq = s.seq
	p.meter.sent.Add(int64(n))
	return nil
}

// note expects confirms of what is about to be sent.
func (p *producer) note() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.confirms == nil {
		return
	}
	for _, at := range p.times {
		p.confirms.add(at)
	}
}

// finish waits for confirms, and has the broker take everything else before the
// connection ends. A blocked connection it leaves at once: nothing is taken
// there.
func (p *producer) finish(heard chan error) error {
	patience := time.NewTimer(confirmPatience)
	defer patience.Stop()
	for {
		missing, blocked := p.missing()
		switch {
		case blocked:
			return p.strand()
		case missing == 0:
			p.conn.expire(setupPatience)
			return p.conn.send(0, &amqp.ConnectionClose{ReplyCode: amqp.ReplySuccess, ReplyText: "done"})
		}
		select {
		case <-p.wake:
		case err := <-heard:
			heard <- err
			return err
		case <-patience.C:
			p.conn.hangUp()
			return fmt.Errorf("%d publishes were not confirmed within %v", missing, confirmPatience)
		}
	}
}

func (p *producer) missing() (unconfirmed int, blocked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.confirms != nil {
		unconfirmed = p.confirms.outstanding
	}
	return unconfirmed, p.blocked
}

// strand ends a connection that the broker does not read.
func (p *producer) strand() error {
	p.stranded = true
	p.conn.hangUp()
	return nil
}

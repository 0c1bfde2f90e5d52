package shovel

import (
	"context"
	"errors"
	"fmt"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// How long what may be settled waits for more, and how often a shovel that is to
// move what there was looks whether there is still something.
const (
	settleDelay = 5 * time.Millisecond
	lookDelay   = time.Second
)

// Why a shovel has to begin again.
var (
	errSourceEnded = errors.New("the source has cancelled the consumer: its queue was deleted")
	errRefused     = errors.New("the destination has refused a message (basic.nack)")
)

// mover moves messages from one link to another as long as both live. Deliveries
// are published in the order in which they come, each once, so that the numbers
// of deliveries and those of confirms are the same: the source is told of what
// is safe with one number. All of it belongs to one goroutine.
type mover struct {
	cfg        *config
	from, to   *link
	forward    *forwarder
	progress   *progress
	deliveries <-chan amqp.Delivery
	confirms   <-chan amqp.Confirmation // nil: what was published is safe
	returns    <-chan amqp.Return
	prefetch   int
	tag        string
	cancelled  bool

	// want is how many messages are to come, unlimited below 0. Counted are those
	// of these links.
	want int64
	// received messages have been published, safe ones arrived, and the source was
	// told so of settled ones.
	received, safe, settled int64
}

// prepare makes what is needed at both ends, and returns how many messages there
// were in the source.
func (m *mover) prepare() (int, error) {
	d := &m.cfg.destination
	if d.toQueue {
		if _, err := m.to.ensure(d.queue, d.predeclared, d.queueArgs); err != nil {
			return 0, fmt.Errorf("destination queue %q: %w", d.queue, m.to.failure(err))
		}
	}
	n, err := m.prepareSource()
	if err != nil {
		return 0, fmt.Errorf("source: %w", m.from.failure(err))
	}
	return n, nil
}

func (m *mover) prepareSource() (int, error) {
	s := &m.cfg.source
	if s.fromQueue {
		m.tag = s.queue
		return m.from.ensure(s.queue, s.predeclared, s.queueArgs)
	}
	q, err := m.from.ch.QueueDeclare("", false, false, true, false, s.queueArgs)
	if err != nil {
		return 0, err
	}
	m.tag = q.Name
	return 0, m.from.ch.QueueBind(q.Name, s.key, s.exchange, false, nil)
}

// begin starts the consumer. There is something to want.
func (m *mover) begin() error {
	// Returned and confirmed messages have room, so that the client's reader, who
	// brings them, never waits for the mover, who may wait for it.
	m.prefetch = m.cfg.source.prefetch
	if m.want >= 0 {
		m.prefetch = int(min(int64(m.prefetch), m.want))
	}
	m.returns = m.to.ch.NotifyReturn(make(chan amqp.Return, m.prefetch))
	if m.cfg.ackMode == onConfirm {
		if err := m.to.ch.Confirm(false); err != nil {
			return fmt.Errorf("destination: %w", m.to.failure(err))
		}
		m.confirms = m.to.ch.NotifyPublish(make(chan amqp.Confirmation, m.prefetch))
	}
	if err := m.from.ch.Qos(m.prefetch, 0, false); err != nil {
		return fmt.Errorf("source: %w", m.from.failure(err))
	}
	queue := m.tag
	m.tag = "shovel " + m.cfg.name
	var err error
	m.deliveries, err = m.from.ch.Consume(queue, m.tag, false, false, false, false, m.cfg.source.arguments)
	if err != nil {
		return fmt.Errorf("source: %w", m.from.failure(err))
	}
	return nil
}

// run moves messages until there are enough, which is no error, or something
// fails. What is safe by then is settled if the source still hears.
func (m *mover) run(ctx context.Context) error {
	err := m.move(ctx)
	if ctx.Err() != nil {
		m.await()
	}
	if err != nil {
		_ = m.settle() // it comes again if that fails
	}
	return err
}

// await waits a moment for the confirms that are still to come, so that a shovel
// that is ended leaves no messages that will come twice.
func (m *mover) await() {
	late := time.NewTimer(closeGrace / 2)
	defer late.Stop()
	for m.safe < m.received {
		select {
		case c, ok := <-m.confirms:
			if m.confirmed(c, ok) != nil {
				return
			}
		case <-late.C:
			return
		}
	}
}

func (m *mover) move(ctx context.Context) error {
	settle := time.NewTimer(settleDelay)
	defer settle.Stop()
	look := time.NewTicker(lookDelay)
	defer look.Stop()
	idleSince, due := int64(-1), false
	for m.settled != m.want {
		deliveries := m.deliveries
		if m.received == m.want {
			deliveries = nil
		}
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d, ok := <-deliveries:
			err = m.take(&d, ok)
		case c, ok := <-m.confirms:
			err = m.confirmed(c, ok)
		case r := <-m.returns:
			err = returned(r)
		case err := <-m.to.closed:
			return fmt.Errorf("destination: %w", lost(err))
		case <-settle.C:
			due = false
			err = m.settle()
		case <-look.C:
			if m.received == m.settled && m.received == idleSince {
				err = m.look()
			}
			idleSince = m.received
		}
		if err != nil {
			return err
		}
		if ready := m.safe - m.settled; ready >= int64(max(m.prefetch/4, 1)) || m.safe == m.want {
			if err := m.settle(); err != nil {
				return err
			}
		} else if ready > 0 && !due {
			due = true
			settle.Reset(settleDelay)
		}
	}
	return nil
}

// take publishes a delivery.
func (m *mover) take(d *amqp.Delivery, ok bool) error {
	if !ok {
		return fmt.Errorf("source: %w", m.from.failure(errSourceEnded))
	}
	exchange, key := m.forward.route(d)
	// A message for a queue that is gone must come back, not vanish.
	mandatory := m.cfg.destination.toQueue && m.confirms != nil
	if err := m.to.ch.Publish(exchange, key, mandatory, false, m.forward.message(d, time.Now())); err != nil {
		return fmt.Errorf("destination: %w", m.to.failure(err))
	}
	m.received++
	m.progress.pending.Store(m.received - m.settled)
	if m.confirms == nil {
		m.safe = m.received
	}
	return nil
}

func (m *mover) confirmed(c amqp.Confirmation, ok bool) error {
	if !ok {
		return fmt.Errorf("destination: %w", m.to.failure(amqp.ErrClosed))
	}
	// What came back came before its confirm.
	select {
	case r := <-m.returns:
		return returned(r)
	default:
	}
	if !c.Ack {
		return errRefused
	}
	m.safe = int64(c.DeliveryTag)
	return nil
}

func returned(r amqp.Return) error {
	return fmt.Errorf("the destination has returned a message: %d %s, routing key %q", r.ReplyCode, r.ReplyText, r.RoutingKey)
}

// settle tells the source what is safe. The last messages that are wanted are
// settled only when the consumer has ended: until then each would let in one
// more than is wanted.
func (m *mover) settle() error {
	upTo := m.safe
	if m.want >= 0 && m.received < m.want {
		upTo = min(upTo, m.want-int64(m.prefetch))
	}
	if m.received == m.want && !m.cancelled {
		m.cancelled = true
		if err := m.from.ch.Cancel(m.tag, false); err != nil {
			return fmt.Errorf("source: %w", m.from.failure(err))
		}
	}
	if upTo <= m.settled {
		return nil
	}
	if err := m.from.ch.Ack(uint64(upTo), true); err != nil {
		return fmt.Errorf("source: %w", m.from.failure(err))
	}
	m.progress.settled(upTo - m.settled)
	m.settled = upTo
	m.progress.pending.Store(m.received - m.settled)
	return nil
}

// look ends a move of what there was when somebody else has taken the rest.
func (m *mover) look() error {
	if m.cfg.source.limit != asLongAsItIs {
		return nil
	}
	q, err := m.from.ch.QueueDeclarePassive(m.cfg.source.queue, true, false, false, false, nil)
	if err != nil {
		return fmt.Errorf("source: %w", m.from.failure(err))
	}
	if q.Messages == 0 {
		m.want = m.received
	}
	return nil
}

// lost is why a link ended, which may have been without a word.
func lost(err *amqp.Error) error {
	if err == nil {
		return amqp.ErrClosed
	}
	return err
}

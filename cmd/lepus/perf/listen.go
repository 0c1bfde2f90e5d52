package perf

import (
	"errors"
	"net"

	"github.com/lepusmq/lepus/amqp"
)

// errBye says that the connection has ended as it should.
var errBye = errors.New("the connection has ended")

// listen reads what the broker says until the connection ends.
func (p *producer) listen() error {
	for {
		err := p.conn.each(p.frame)
		p.report()
		if err == nil {
			err = p.conn.fill()
		}
		switch {
		case err == nil:
		case err == errBye, errors.Is(err, net.ErrClosed):
			return nil
		default:
			return err
		}
	}
}

// report counts what was read, and wakes the writer.
func (p *producer) report() {
	p.meter.confirmed.Add(int64(p.answers))
	p.answers = 0
	p.meter.confirm.record(&p.samples)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *producer) frame(f amqp.Frame) error {
	if f.Type != amqp.FrameMethod {
		return nil // heartbeats, and the content of what is returned
	}
	id, args, err := amqp.ParseMethod(f.Payload)
	if err != nil {
		return err
	}
	switch id {
	case amqp.BasicAckID:
		var m amqp.BasicAck
		if err := m.Decode(args); err != nil {
			return err
		}
		n, err := p.settle(m.DeliveryTag, m.Multiple)
		p.answers += n
		return err
	case amqp.BasicNackID:
		var m amqp.BasicNack
		if err := m.Decode(args); err != nil {
			return err
		}
		n, err := p.settle(m.DeliveryTag, m.Multiple)
		p.refused += int64(n)
		p.meter.nacked.Add(int64(n))
		return err
	case amqp.BasicReturnID:
		p.refused++
		p.meter.returned.Add(1)
	case amqp.ConnectionBlockedID:
		p.block(true)
	case amqp.ConnectionUnblockedID:
		p.block(false)
	case amqp.ConnectionCloseOkID:
		return errBye
	}
	return closed(id, args)
}

func (p *producer) settle(tag uint64, multiple bool) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.confirms == nil {
		return 0, errors.New("the broker confirms what nobody asked it to")
	}
	return p.confirms.settle(tag, multiple, p.conn.readAt, &p.samples)
}

func (p *producer) block(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case on && !p.blocked:
		p.meter.blocked.Add(1)
		p.meter.blocks.Add(1)
	case !on && p.blocked:
		p.meter.blocked.Add(-1)
	}
	p.blocked = on
}

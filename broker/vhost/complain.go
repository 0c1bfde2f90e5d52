package vhost

import "go.uber.org/zap"

// complaint is what can be wrong with where a queue's dead letters go. It is
// logged once for each queue, however many messages it concerns.
type complaint uint8

const (
	noDeadLetterExchange complaint = 1 << iota
	deadLetterCycle
	undeliverable
)

func (c complaint) String() string {
	switch c {
	case noDeadLetterExchange:
		return "dropped dead letters: there is no such exchange"
	case undeliverable:
		return "kept dead letters: they lead to no queue"
	}
	return "dropped dead letters: they would go round for ever"
}

// complain logs what is wrong with the dead letters of the queue, unless that
// was logged before. about names what they should go to.
func (b *burial) complain(c complaint, about string) {
	if b.complained&c != 0 {
		return
	}
	b.complained |= c
	v := b.vhost
	v.mu.Lock()
	e := v.queues[b.queue.QueueName()]
	first := e != nil && e.queue == b.queue && e.complaints&c == 0
	if first {
		e.complaints |= c
	}
	v.mu.Unlock()
	if first {
		v.log.Named("queue").Warn(c.String(), zap.String("vhost", v.name), zap.String("queue", b.queue.QueueName()), zap.String("to", about))
	}
}

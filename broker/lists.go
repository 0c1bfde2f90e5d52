package broker

import (
	"errors"
	"fmt"

	"github.com/lepusmq/lepus/broker/stats"
)

// What an administrator may ask for that is not there.
var (
	ErrNoQueue    = errors.New("no such queue")
	ErrNoExchange = errors.New("no such exchange")
)

// QueueNames returns the names of all queues of a virtual host, sorted. The slice must
// not be changed. Errors: ErrNoVHost.
func (b *Broker) QueueNames(vhost string) ([]string, error) {
	v, err := b.find(vhost)
	if err != nil {
		return nil, err
	}
	return v.QueueNames(), nil
}

// QueueCounts returns what changes about the queues of a virtual host, by their
// names. It costs less than a microsecond for each. Errors: ErrNoVHost.
func (b *Broker) QueueCounts(vhost string) ([]stats.QueueCounts, error) {
	v, err := b.find(vhost)
	if err != nil {
		return nil, err
	}
	return v.QueueCounts(), nil
}

// EachQueue calls f with the counts of the queues of a virtual host, by their names,
// without making anything for each of them. What f gets is good until it returns;
// it must not wait for a queue. Errors: ErrNoVHost.
func (b *Broker) EachQueue(vhost string, f func(*stats.QueueCounts)) error {
	v, err := b.find(vhost)
	if err != nil {
		return err
	}
	v.EachQueue(f)
	return nil
}

// EachPassage calls f with how many messages came to each queue of a virtual host by
// each exchange, by the names of the queues. What f gets is good until it returns.
// Errors: ErrNoVHost.
func (b *Broker) EachPassage(vhost string, f func(*stats.Passage)) error {
	v, err := b.find(vhost)
	if err != nil {
		return err
	}
	v.EachPassage(f)
	return nil
}

// Queue returns all that is to be said of a queue. Errors: ErrNoVHost, ErrNoQueue.
func (b *Broker) Queue(vhost, name string) (stats.Queue, error) {
	v, err := b.find(vhost)
	if err != nil {
		return stats.Queue{}, err
	}
	q, owner, ok := v.QueueStats(name)
	if !ok {
		return stats.Queue{}, noQueue(vhost, name)
	}
	if s := b.sessions.byID(uint64(owner)); owner != 0 && s != nil {
		q.Owner = s.Name()
	}
	for _, seat := range v.QueueSeats(name) {
		c := consumer(&seat)
		if c.Exclusive {
			q.ExclusiveConsumer = c.Tag
		}
		if c.Status == "single_active" {
			q.SingleActive = c.Tag
		}
	}
	return q, nil
}

// ExchangeNames returns the names of all exchanges of a virtual host, sorted.
// Errors: ErrNoVHost.
func (b *Broker) ExchangeNames(vhost string) ([]string, error) {
	v, err := b.find(vhost)
	if err != nil {
		return nil, err
	}
	return v.ExchangeNames(), nil
}

// Exchange returns all that is to be said of an exchange. Errors: ErrNoVHost,
// ErrNoExchange.
func (b *Broker) Exchange(vhost, name string) (stats.Exchange, error) {
	v, err := b.find(vhost)
	if err != nil {
		return stats.Exchange{}, err
	}
	x, ok := v.ExchangeStats(name)
	if !ok {
		return stats.Exchange{}, noExchange(vhost, name)
	}
	return x, nil
}

// Passages returns how many messages came by exchanges to queues, by a channel or over
// HTTP: to one queue, or from one exchange to all if queue is "". Errors: ErrNoVHost.
func (b *Broker) Passages(vhost, exchange, queue string) ([]stats.Passage, error) {
	v, err := b.find(vhost)
	if err != nil {
		return nil, err
	}
	if queue != "" {
		return v.PassagesTo(queue), nil
	}
	return v.PassagesFrom(exchange), nil
}

// Bindings returns the bindings of a virtual host by source, destination and key,
// those of the default exchange included. Errors: ErrNoVHost.
func (b *Broker) Bindings(vhost string) ([]stats.Binding, error) {
	v, err := b.find(vhost)
	if err != nil {
		return nil, err
	}
	return v.Bindings(), nil
}

// QueueBindings returns the bindings of a queue. Errors: ErrNoVHost, ErrNoQueue.
func (b *Broker) QueueBindings(vhost, queue string) ([]stats.Binding, error) {
	v, err := b.find(vhost)
	if err != nil {
		return nil, err
	}
	all, ok := v.QueueBindings(queue)
	if !ok {
		return nil, noQueue(vhost, queue)
	}
	return all, nil
}

// ExchangeBindings returns the bindings that lead from an exchange, or those that
// lead to it. Errors: ErrNoVHost, ErrNoExchange.
func (b *Broker) ExchangeBindings(vhost, exchange string, asSource bool) ([]stats.Binding, error) {
	v, err := b.find(vhost)
	if err != nil {
		return nil, err
	}
	all, ok := v.ExchangeBindings(exchange, asSource)
	if !ok {
		return nil, noExchange(vhost, exchange)
	}
	return all, nil
}

func noQueue(vhost, name string) error {
	return fmt.Errorf("queue %q in virtual host %q: %w", name, vhost, ErrNoQueue)
}

func noExchange(vhost, name string) error {
	return fmt.Errorf("exchange %q in virtual host %q: %w", name, vhost, ErrNoExchange)
}

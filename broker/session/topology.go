package session

import (
	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
)

// unless returns m, or nothing when the client wants no reply.
func unless(noWait bool, m amqp.Method) amqp.Method {
	if noWait {
		return nil
	}
	return m
}

// replying returns the callback that ends ask with a reply or an error.
func (ch *channel) replying(reply amqp.Method, cause amqp.MethodID) func(error) {
	ch.ask()
	return func(err error) { ch.answer(reply, err, cause) }
}

func (ch *channel) exchangeDeclare(m *amqp.ExchangeDeclare) *amqp.Error {
	spec := vhost.ExchangeSpec{
		Name:       vhost.CleanName(m.Exchange),
		Type:       m.Type,
		Passive:    m.Passive,
		Durable:    m.Durable,
		AutoDelete: m.AutoDelete,
		Internal:   m.Internal,
		Arguments:  m.Arguments,
		User:       ch.s.user,
	}
	if err := ch.mayDeclareExchange(&spec); err != nil {
		return err
	}
	ch.s.vhost.DeclareExchange(spec, ch.replying(unless(m.NoWait, &amqp.ExchangeDeclareOk{}), m.ID()))
	return nil
}

func (ch *channel) exchangeDelete(m *amqp.ExchangeDelete) *amqp.Error {
	name := vhost.CleanName(m.Exchange)
	if !vhost.Predeclared(name) {
		if err := ch.mayExchange(auth.Configure, name); err != nil {
			return err
		}
	}
	ch.s.vhost.DeleteExchange(name, m.IfUnused,
		ch.replying(unless(m.NoWait, &amqp.ExchangeDeleteOk{}), m.ID()))
	return nil
}

func (ch *channel) exchangeBind(m *amqp.ExchangeBind) *amqp.Error {
	b := vhost.Binding{
		Source: m.Source, Destination: m.Destination, ToExchange: true, Key: m.RoutingKey, Arguments: m.Arguments,
	}
	if err := ch.mayBind(&b); err != nil {
		return err
	}
	ch.s.vhost.Bind(ch.s.owner, b, ch.replying(unless(m.NoWait, &amqp.ExchangeBindOk{}), m.ID()))
	return nil
}

func (ch *channel) exchangeUnbind(m *amqp.ExchangeUnbind) *amqp.Error {
	b := vhost.Binding{
		Source: m.Source, Destination: m.Destination, ToExchange: true, Key: m.RoutingKey, Arguments: m.Arguments,
	}
	if err := ch.mayBind(&b); err != nil {
		return err
	}
	ch.s.vhost.Unbind(ch.s.owner, b, ch.replying(unless(m.NoWait, &amqp.ExchangeUnbindOk{}), m.ID()))
	return nil
}

func (ch *channel) queueDeclare(m *amqp.QueueDeclare) *amqp.Error {
	spec := vhost.QueueSpec{
		Name:       vhost.CleanName(m.Queue),
		Passive:    m.Passive,
		Durable:    m.Durable,
		Exclusive:  m.Exclusive,
		AutoDelete: m.AutoDelete,
		Arguments:  m.Arguments,
	}
	if spec.Name == "" && !spec.Passive {
		spec.Name, spec.Generated = ch.generatedName(), true
	}
	if err := ch.mayDeclareQueue(&spec); err != nil {
		return err
	}
	ch.ask()
	ch.s.vhost.DeclareQueue(ch.s.owner, spec, func(info vhost.QueueInfo, err error) {
		if err == nil {
			ch.mu.Lock()
			ch.lastQueue = info.Name
			ch.mu.Unlock()
		}
		ch.answer(unless(m.NoWait, &amqp.QueueDeclareOk{
			Queue:         info.Name,
			MessageCount:  uint32(info.Ready),
			ConsumerCount: uint32(info.Consumers),
		}), err, m.ID())
	})
	return nil
}

// named returns the name of a queue, which is that of the last declared one
// when it is empty.
func (ch *channel) named(name string) (string, *amqp.Error) {
	if name != "" {
		return name, nil
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.lastQueue == "" {
		return "", amqp.NoPreviousQueue()
	}
	return ch.lastQueue, nil
}

// readableQueue returns a queue from which this connection may have messages.
func (ch *channel) readableQueue(name string) (*queue.Queue, *amqp.Error) {
	name, failed := ch.named(name)
	if failed != nil {
		return nil, failed
	}
	if err := ch.mayQueue(auth.Read, name); err != nil {
		return nil, err
	}
	q, err := ch.s.vhost.Queue(ch.s.owner, name)
	if err != nil {
		return nil, asError(err)
	}
	return q, nil
}

// binding completes what queue.bind and queue.unbind leave out: with neither
// queue nor key, the key is the queue's name. The user must be allowed it.
func (ch *channel) binding(name, exchange, key string, args amqp.Table) (vhost.Binding, *amqp.Error) {
	full, err := ch.named(name)
	if err != nil {
		return vhost.Binding{}, err
	}
	if name == "" && key == "" {
		key = full
	}
	b := vhost.Binding{Source: exchange, Destination: full, Key: key, Arguments: args}
	return b, ch.mayBind(&b)
}

func (ch *channel) queueBind(m *amqp.QueueBind) *amqp.Error {
	b, err := ch.binding(m.Queue, m.Exchange, m.RoutingKey, m.Arguments)
	if err != nil {
		return err
	}
	ch.s.vhost.Bind(ch.s.owner, b, ch.replying(unless(m.NoWait, &amqp.QueueBindOk{}), m.ID()))
	return nil
}

func (ch *channel) queueUnbind(m *amqp.QueueUnbind) *amqp.Error {
	b, err := ch.binding(m.Queue, m.Exchange, m.RoutingKey, m.Arguments)
	if err != nil {
		return err
	}
	ch.s.vhost.Unbind(ch.s.owner, b, ch.replying(&amqp.QueueUnbindOk{}, m.ID()))
	return nil
}

func (ch *channel) queuePurge(m *amqp.QueuePurge) *amqp.Error {
	q, err := ch.readableQueue(m.Queue)
	if err != nil {
		return err
	}
	ch.ask()
	q.Purge(func(n int, err error) {
		if err != nil {
			err = amqp.NoQueue(ch.s.vhost.Name(), q.QueueName())
		}
		ch.answer(unless(m.NoWait, &amqp.QueuePurgeOk{MessageCount: uint32(n)}), err, m.ID())
	})
	return nil
}

func (ch *channel) queueDelete(m *amqp.QueueDelete) *amqp.Error {
	name, err := ch.named(m.Queue)
	if err != nil {
		return err
	}
	name = vhost.CleanName(name)
	if err := ch.mayQueue(auth.Configure, name); err != nil {
		return err
	}
	ch.ask()
	ch.s.vhost.DeleteQueue(ch.s.owner, name, m.IfUnused, m.IfEmpty, func(n int, err error) {
		ch.answer(unless(m.NoWait, &amqp.QueueDeleteOk{MessageCount: uint32(n)}), err, m.ID())
	})
	return nil
}

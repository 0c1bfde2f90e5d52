package amqp

// The replies about queues, exchanges and bindings. In this file and its
// neighbours one constructor makes each error that a client may see, with
// RabbitMQ's text to the letter: clients match on them. Arguments are checked
// in replies_args.go.

func queueIn(vhost, name string) string    { return "queue '" + name + "' in vhost '" + vhost + "'" }
func exchangeIn(vhost, name string) string { return "exchange '" + name + "' in vhost '" + vhost + "'" }

// NoQueue is a queue that does not exist.
func NoQueue(vhost, queue string) *Error {
	return Errorf(NotFound, "no %s", queueIn(vhost, queue))
}

// NoExchange is an exchange that does not exist.
func NoExchange(vhost, exchange string) *Error {
	return Errorf(NotFound, "no %s", exchangeIn(vhost, exchange))
}

// NoPreviousQueue is an empty queue name on a channel that declared none.
func NoPreviousQueue() *Error {
	return Errorf(NotFound, "no previously declared queue")
}

// LockedQueue is an exclusive queue of another connection, or one declared
// again with another exclusive flag.
func LockedQueue(vhost, queue string) *Error {
	return Errorf(ResourceLocked, "cannot obtain exclusive access to locked %s. It could be originally declared on "+
		"another connection or the exclusive property value does not match that of the original declaration.",
		queueIn(vhost, queue))
}

// QueueInUse is a queue with consumers that was to be deleted if unused.
func QueueInUse(vhost, queue string) *Error {
	return Errorf(PreconditionFailed, "%s in use", queueIn(vhost, queue))
}

// QueueNotEmpty is a queue with messages that was to be deleted if empty.
func QueueNotEmpty(vhost, queue string) *Error {
	return Errorf(PreconditionFailed, "%s not empty", queueIn(vhost, queue))
}

// ExchangeInUse is an exchange with bindings that was to be deleted if unused.
func ExchangeInUse(vhost, exchange string) *Error {
	return Errorf(PreconditionFailed, "%s in use", exchangeIn(vhost, exchange))
}

// ExclusiveUse is a queue with consumers that was to be consumed exclusively,
// or one that is.
func ExclusiveUse(vhost, queue string) *Error {
	return Errorf(AccessRefused, "%s in exclusive use", queueIn(vhost, queue))
}

// SingleActiveGet is a fetch from a quorum queue with a single active consumer.
func SingleActiveGet(vhost, queue string) *Error {
	return Errorf(ResourceLocked, "cannot obtain access to locked %s. "+
		"basic.get operations are not supported by quorum queues with single active consumer", queueIn(vhost, queue))
}

// ReservedQueueName is a new queue with a name that begins with "amq.".
func ReservedQueueName(queue string) *Error { return reservedName("queue", queue) }

// ReservedExchangeName is a new exchange with a name that begins with "amq.".
func ReservedExchangeName(exchange string) *Error { return reservedName("exchange", exchange) }

func reservedName(kind, name string) *Error {
	return Errorf(AccessRefused, "%s name '%s' contains reserved prefix 'amq.*'", kind, name)
}

// DefaultExchange is a declare, delete, bind or unbind of the default exchange.
func DefaultExchange() *Error {
	return Errorf(AccessRefused, "operation not permitted on the default exchange")
}

// SystemExchange is the deletion of an exchange whose name begins with "amq.".
func SystemExchange(vhost, exchange string) *Error {
	return Errorf(AccessRefused, "deletion of system %s not allowed", exchangeIn(vhost, exchange))
}

// InternalExchange is a publish to an internal exchange.
func InternalExchange(vhost, exchange string) *Error {
	return Errorf(AccessRefused, "cannot publish to internal %s", exchangeIn(vhost, exchange))
}

// UnknownExchangeType is the declaration of an exchange of a type that there
// is not.
func UnknownExchangeType(typ string) *Error {
	return Errorf(PreconditionFailed, "unknown exchange type '%s'", typ)
}

// NoDelayedType is the declaration of an x-delayed-message exchange that does
// not say by which type it routes. These texts are the plugin's.
func NoDelayedType() *Error {
	return Errorf(PreconditionFailed, "Invalid argument, 'x-delayed-type' must be an existing exchange type")
}

// DelayedTwice is the declaration of one that says that it routes by the same
// type.
func DelayedTwice() *Error {
	return Errorf(PreconditionFailed, "Invalid argument, 'x-delayed-message' can't be used for 'x-delayed-type'")
}

// ServerNamedQueue is the declaration without a name of a queue that must have
// one: queueType is "quorum" or "stream".
func ServerNamedQueue(queueType string) *Error {
	return Errorf(PreconditionFailed, "Cannot declare a server-named queue for type rabbit_%s_queue", queueType)
}

// QueueLimit is a queue too many in a vhost.
func QueueLimit(vhost, queue string, limit int) *Error {
	return Errorf(PreconditionFailed, "cannot declare queue '%s': queue limit in vhost '%s' (%d) is reached",
		queue, vhost, limit)
}

// NodeQueueLimit is a queue too many of all virtual hosts together.
func NodeQueueLimit(queue string, limit int) *Error {
	return Errorf(PreconditionFailed, "cannot declare queue '%s': queue limit in cluster (%d) is reached", queue, limit)
}

// ExchangeLimit is an exchange too many.
func ExchangeLimit(vhost, exchange string, limit int) *Error {
	return Errorf(PreconditionFailed, "cannot declare %s: exchange limit of %d is reached",
		exchangeIn(vhost, exchange), limit)
}

// ReplyQueueBinding is a bind or unbind of the direct reply-to queue.
func ReplyQueueBinding() *Error {
	return Errorf(AccessRefused, "cannot bind or unbind to a volatile (direct reply-to) queue")
}

// QueueAccess is a queue on which the user has not the permission, which is
// "configure", "write" or "read".
func QueueAccess(vhost, queue, permission, user string) *Error {
	return Errorf(AccessRefused, "%s access to %s refused for user '%s'", permission, queueIn(vhost, queue), user)
}

// ExchangeAccess is an exchange on which the user has not the permission, as
// in [QueueAccess]. The default exchange goes by the name amq.default there.
func ExchangeAccess(vhost, exchange, permission, user string) *Error {
	if exchange == "" {
		exchange = "amq.default"
	}
	return Errorf(AccessRefused, "%s access to %s refused for user '%s'", permission, exchangeIn(vhost, exchange), user)
}

// TopicAccess is a routing key with which the user has not the permission on a
// topic exchange: "write" to publish, "read" to bind.
func TopicAccess(vhost, exchange, key, permission, user string) *Error {
	return Errorf(AccessRefused, "%s access to topic '%s' in exchange topic '%s' in vhost '%s' refused for user '%s'",
		permission, key, exchange, vhost, user)
}

package amqp

// The replies about the arguments and bindings that only some types of exchange
// have. The texts are those of RabbitMQ's plugins.

// UnsupportedHashProperty is a hash-property that messages cannot be spread by.
func UnsupportedHashProperty(property string) *Error {
	return Errorf(PreconditionFailed, "Unsupported property: %s", property)
}

// HashArgumentsConflict is an exchange with both hash-header and hash-property.
func HashArgumentsConflict() *Error {
	return Errorf(PreconditionFailed, "hash-header and hash-property are mutually exclusive")
}

// NoWeight is a binding to a consistent hash exchange whose key is no integer.
func NoWeight(key string) *Error {
	return Errorf(PreconditionFailed, "The binding key must be an integer: %s", erlangBinary(key))
}

// WeightTooSmall is such a binding whose key is below 1.
func WeightTooSmall() *Error {
	return Errorf(PreconditionFailed, "The binding key must be greater than 0")
}

// WeightTooLarge is such a binding whose key is above the largest weight.
func WeightTooLarge(most int) *Error {
	return Errorf(PreconditionFailed, "The binding key must not exceed %d", most)
}

// NonEmptyBindingKey is a binding to a local random exchange with a key.
func NonEmptyBindingKey(key string) *Error {
	return Errorf(PreconditionFailed, "Non empty binding '%s' key not permitted", key)
}

// WrongBindingQueueType is a binding to a type of queue to which the exchange
// cannot lead. queueType is "quorum" or "stream".
func WrongBindingQueueType(queueType string) *Error {
	return Errorf(PreconditionFailed, "Queue type rabbit_%s_queue not valid for this exchange type", queueType)
}

// NoBindingQueue is a binding to an exchange where there must be a queue.
func NoBindingQueue() *Error {
	return Errorf(PreconditionFailed, "Destination not found")
}

// BadHistoryLength is an x-recent-history-length that is no length.
func BadHistoryLength(v Value) *Error {
	return Errorf(PreconditionFailed, "Invalid argument %s, 'x-recent-history-length' must be a positive integer", v.term())
}

package amqp

// The replies about channels, messages and consumers.

// SecondChannelOpen is a channel.open on an open channel.
func SecondChannelOpen() *Error {
	return Errorf(ChannelError, "second 'channel.open' seen").For(ChannelOpenID)
}

// ExpectedChannelOpen is a method on a channel that is not open.
func ExpectedChannelOpen() *Error {
	return Errorf(ChannelError, "expected 'channel.open'")
}

// UnimplementedMethod is a method that only a server may send.
func UnimplementedMethod() *Error {
	return Errorf(CommandInvalid, "unimplemented method")
}

// FlowInactive is a channel.flow that would stop deliveries.
func FlowInactive() *Error {
	return Errorf(NotImplemented, "active=false").For(ChannelFlowID)
}

// PrefetchSize is a basic.qos with a limit in octets.
func PrefetchSize(size uint32) *Error {
	return Errorf(NotImplemented, "prefetch_size!=0 (%d)", size).For(BasicQosID)
}

// GlobalQos is a consumer of a quorum queue or a stream on a channel with a
// global prefetch limit.
func GlobalQos(vhost, queue string) *Error {
	return Errorf(NotImplemented, "%s does not support global qos", queueIn(vhost, queue))
}

// ImmediatePublish is a basic.publish with the immediate flag.
func ImmediatePublish() *Error {
	return Errorf(NotImplemented, "immediate=true").For(BasicPublishID)
}

// RecoverInPlace is a basic.recover that does not requeue.
func RecoverInPlace() *Error {
	return Errorf(NotImplemented, "requeue=false")
}

// UnknownDeliveryTag is the settling of a delivery that is not outstanding.
func UnknownDeliveryTag(tag uint64) *Error {
	return Errorf(PreconditionFailed, "unknown delivery tag %d", tag)
}

// AckTimeout is a delivery that was not settled in time, in milliseconds.
func AckTimeout(channel uint16, timeout int64) *Error {
	return Errorf(PreconditionFailed, "delivery acknowledgement on channel %d timed out. Timeout value used: %d ms. "+
		"This timeout value can be configured, see consumers doc guide to learn more", channel, timeout)
}

// ReusedConsumerTag is a consumer with the tag of another on the channel.
func ReusedConsumerTag(tag string) *Error {
	return Errorf(NotAllowed, "attempt to reuse consumer tag '%s'", tag).For(BasicConsumeID)
}

// ConsumerLimit is a consumer too many on a channel.
func ConsumerLimit(limit int) *Error {
	return Errorf(NotAllowed, "reached maximum (%d) of consumers per channel", limit).For(BasicConsumeID)
}

// ConfirmToTx is a tx.select on a channel in confirm mode.
func ConfirmToTx() *Error {
	return Errorf(PreconditionFailed, "cannot switch from confirm to tx mode").For(TxSelectID)
}

// TxToConfirm is a confirm.select on a channel in tx mode.
func TxToConfirm() *Error {
	return Errorf(PreconditionFailed, "cannot switch from tx to confirm mode").For(ConfirmSelectID)
}

// NotTransactional is a commit or rollback on a channel not in tx mode.
func NotTransactional() *Error {
	return Errorf(PreconditionFailed, "channel is not transactional")
}

// PartialCommit is a transaction that could not be committed whole.
func PartialCommit() *Error {
	return Errorf(PreconditionFailed, "partial tx completion").For(TxCommitID)
}

// MessageTooLarge is a body larger than the configured limit, in octets.
func MessageTooLarge(size, limit uint64) *Error {
	return Errorf(PreconditionFailed, "message size %d is larger than configured max size %d", size, limit).
		For(BasicPublishID)
}

// WrongUserID is a message whose user-id is not that of the connection.
func WrongUserID(userID []byte, user string) *Error {
	return Errorf(PreconditionFailed, "user_id property set to '%s' but authenticated user was '%s'", userID, user).
		For(BasicPublishID)
}

// WrongCopyHeader is a CC or BCC header that is no array.
func WrongCopyHeader(header string, v Value) *Error {
	return Errorf(PreconditionFailed, "invalid message: {unacceptable_type_in_header,%s,%s}",
		erlangString(header), v.TypeName()).For(BasicPublishID)
}

// UnknownDeliveryMode is a message that is neither transient nor persistent.
func UnknownDeliveryMode(mode uint8) *Error {
	return Errorf(PreconditionFailed, "invalid message: {delivery_mode_unknown,%d}", mode).For(BasicPublishID)
}

// InvalidExpiration is a message that does not say when it expires. fault is an
// Erlang term, see [ParseExpiration].
func InvalidExpiration(expiration []byte, fault string) *Error {
	return Errorf(PreconditionFailed, "invalid expiration '%s': %s", expiration, fault).For(BasicPublishID)
}

// NoReplyConsumer is a message with the direct reply-to address on a channel
// that does not consume from it.
func NoReplyConsumer() *Error {
	return Errorf(PreconditionFailed, "fast reply consumer does not exist").For(BasicPublishID)
}

// ReplyConsumerAcks is a direct reply-to consumer that is not no-ack.
func ReplyConsumerAcks() *Error {
	return Errorf(PreconditionFailed, "reply consumer cannot acknowledge").For(BasicConsumeID)
}

// SecondReplyConsumer is a second direct reply-to consumer on a channel.
func SecondReplyConsumer() *Error {
	return Errorf(PreconditionFailed, "reply consumer already set").For(BasicConsumeID)
}

// ReplyQueueGet is a basic.get from the direct reply-to queue.
func ReplyQueueGet(vhost, queue string) *Error {
	return Errorf(NotImplemented, "basic.get not supported by volatile %s", queueIn(vhost, queue))
}

package fifo

// Consumer takes messages from a queue. Its owner fills in the exported fields
// before [Machine.Consume] and leaves them alone afterwards.
type Consumer struct {
	// Holder is who settles what the consumer was given: a channel.
	Holder any
	// Label is for the holder's own use.
	Label any
	// NoAck consumers settle a message by being given it.
	NoAck bool
	// Exclusive consumers suffer no other on the queue.
	Exclusive bool
	// Priority says who gets messages first: consumers of lower ones only when
	// none of a higher one has credit.
	Priority int64
	// Prefetch is how many unacked messages the consumer may have; 0 is any
	// number.
	Prefetch int
	// Gate is a window that consumers of several queues share; nil if there
	// is none.
	Gate Gate

	// Owned by the machine.
	id         ownerID
	unacked    int
	paused     bool
	registered bool
	queued     bool // in the round of those with credit
	getter     bool // stands for those that use Get
	prev, next *Consumer
}

// Gate is a window shared by the consumers of a channel, on whatever queues
// they are (basic.qos with global=true). It never blocks.
type Gate interface {
	// Take asks for room for one more message, which a consumer with NoAck
	// needs but does not fill. When there is none, the machine leaves c alone
	// until [Machine.Resume] is called for it.
	Take(c *Consumer) bool
}

func (c *Consumer) hasCredit() bool {
	return c.registered && !c.paused && (c.NoAck || c.Prefetch == 0 || c.unacked < c.Prefetch)
}

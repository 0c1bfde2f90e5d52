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

// round is the consumers with credit, in the order in which their turn comes.
type round struct{ first, last *Consumer }

func (r *round) add(c *Consumer) {
	if c.queued {
		return
	}
	c.queued, c.prev, c.next = true, r.last, nil
	if r.last != nil {
		r.last.next = c
	} else {
		r.first = c
	}
	r.last = c
}

func (r *round) remove(c *Consumer) {
	if !c.queued {
		return
	}
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		r.first = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	} else {
		r.last = c.prev
	}
	c.queued, c.prev, c.next = false, nil, nil
}

// turn puts the first consumer behind the others.
func (r *round) turn() {
	if c := r.first; c != r.last {
		r.remove(c)
		r.add(c)
	}
}

package queue

// AckTimeout is how long a delivery may stay unacked, in milliseconds, by the
// queue's options; 0 is for ever. Whoever holds deliveries sees to it. Any
// goroutine may call it.
func (q *Queue) AckTimeout() Bound {
	n := q.ackTimeout.Load()
	if n == 0 {
		return Bound{}
	}
	return Bound{Set: true, N: n - 1}
}

// noteAckTimeout is called when the options are set.
func (q *Queue) noteAckTimeout(o *Options) {
	n := int64(0)
	if o.ConsumerTimeout.Set {
		n = o.ConsumerTimeout.N + 1
	}
	q.ackTimeout.Store(n)
}

package queue

// Configure gives the queue other options.
func (q *Queue) Configure(o Options) { q.noteAckTimeout(&o) }

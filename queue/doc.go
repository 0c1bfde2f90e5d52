// Package queue runs queues. A queue is a mailbox that at most one goroutine
// at a time drains, its strand: whoever puts something into an idle mailbox
// drains it, for a bounded turn, and leaves the rest to a goroutine. What to
// do is decided by the state machine in queue/fifo; this package gives it what
// came, tells the store, and hands deliveries to their sinks.
//
// A strand does no I/O and waits for nobody, so that any goroutine may be one.
package queue

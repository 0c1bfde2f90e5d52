// Package fifo is the queue itself: which message is next, who gets it, who
// holds it. It is a pure state machine: no clock, no lock, no I/O, no
// goroutine. The queue package runs it and acts on what it returns.
//
// A message is ready, or unacked in a slot that its holder settles or returns.
// Ready messages leave in the order in which they were published; one that is
// returned goes back to its old place in that order.
package fifo

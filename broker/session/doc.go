// Package session is the broker's end of a connection: the handshake,
// channels, the methods of the protocol, and the way of deliveries and
// confirms back to the client.
//
// A session has one reader goroutine, and a writer only while there is
// something to write that nobody else could. What the reader does, it does
// under the session's work lock, which other goroutines take only to go on with
// a channel that had to wait for an answer. Deliveries and confirms come from
// strands and from the store: they take the lock of their channel and that of
// the outbox, in this order, and nothing else.
package session

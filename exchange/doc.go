// Package exchange routes: it holds the exchanges of one virtual host, their
// types and bindings, and finds the queues that a message goes to.
//
// All of that is one immutable value, the [Graph]. A change makes a new graph
// that shares with the old one all but what changed, so that it costs little
// however large the graph is, and whoever routes needs no lock: it reads the
// graph that was there when it began. The package is pure. It knows queues only
// by name, and has no clock, no locks and no I/O.
package exchange

// Package perf puts an AMQP 0-9-1 broker under load and measures what comes of
// it: throughput, and the latency of confirms and of deliveries.
//
// Producers and consumers have a connection each. They are made to cost less
// than the broker they measure: publishes are encoded once and only stamped
// anew, written many at a time, and what is read is looked at where it lies.
// A stamp is the first sixteen octets of a body; it says which message it is
// and when it was sent, so that consumers see latency, order and loss.
//
// [Run] makes the load that [Options] describe and returns a [Result].
package perf

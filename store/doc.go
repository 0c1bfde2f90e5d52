// Package store keeps what must survive: persistent messages, what became of
// them, and the definitions of virtual hosts, users, exchanges, queues and
// bindings. It knows nothing of AMQP: a message is bytes with a few facts.
//
// Two stores implement [Store]: the durable one ([Open]), a log of bytes with
// Badger as its index, and the one in memory ([NewMemory]) for tests and for
// brokers without a disk. One conformance suite holds both.
package store

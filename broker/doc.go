// Package broker puts a broker together: store, virtual hosts, users,
// listeners and the sessions of the clients that connect. It holds no
// messages and speaks no protocol itself.
//
// The shortest broker, in memory and on a free port of this machine:
//
//	b := broker.New(broker.Config{})
//	if err := b.Start(); err != nil { … }
//	defer b.Shutdown(context.Background())
//	conn, err := amqp091.Dial(b.URL())
//
// Tests use package brokertest, which does this in one line.
package broker

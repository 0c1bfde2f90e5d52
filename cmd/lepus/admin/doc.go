// Package admin is rabbitmqadmin: it declares, lists and deletes what a broker
// holds, publishes and gets messages, and exports and imports definitions, over
// the HTTP API. It understands the syntax of the first version, which came with
// RabbitMQ until 4.2,
//
//	declare queue name=orders durable=true
//
// with its output and exit codes, and that of the second where it means the same:
//
//	queues declare --name orders --durable true
//
// One table says for each kind of object what it takes and where it is.
package admin

// Package shovel moves messages from a queue or exchange of one broker to
// another, or to the same: RabbitMQ's dynamic shovels over AMQP 0-9-1. Each is a
// runtime parameter of the component "shovel". It is a client of both ends and
// knows nothing of the broker that runs it but what [Host] says.
package shovel

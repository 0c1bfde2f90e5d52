// Package ctl is RabbitMQ's programs for operators, rabbitmqctl,
// rabbitmq-diagnostics, rabbitmq-plugins, rabbitmq-queues, rabbitmq-streams and
// rabbitmq-upgrade, over a broker's HTTP API. Their words, output and exit codes are those of
// RabbitMQ 3.10, with the commands that came later.
//
// One table of commands feeds parser, help and completion: each row says what a
// command takes, what it tells people and what it does. A command takes its
// arguments, makes the calls, and returns a result, which is printed in the
// format that was asked for.
package ctl

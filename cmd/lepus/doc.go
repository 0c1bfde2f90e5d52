// Lepus is a message broker that stands in for RabbitMQ: applications that
// speak AMQP 0-9-1 use it unchanged.
//
//	lepus server     run a broker
//	lepus perf       put a broker under load and measure it
//	lepus version    say which version this is
//	lepus ctl, admin, diagnostics, plugins, queues, streams, upgrade
//	                 RabbitMQ's tools; a link named rabbitmqctl is lepus ctl
//	lepus completion print a script that has a shell complete all of these
//
// Each command has a file of its own. A command turns its flags into a
// configuration, makes one call and prints what came of it. Every flag can
// also be set by an environment variable: LEPUS_ and the flag's name in
// capitals, LEPUS_DATA_DIR for --data-dir.
package main

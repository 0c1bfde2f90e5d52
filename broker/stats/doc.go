// Package stats is what a broker says about itself: plain values, made by the
// parts that know and read by the views, which are the management API, the
// metrics and the command line. A value is a copy of one moment; whoever gets it
// may keep it.
//
// Counters count up from the start of the broker, or of the object if that is
// later. Names are those of RabbitMQ's management API
// (https://www.rabbitmq.com/docs/management).
package stats

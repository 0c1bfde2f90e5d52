// Package event carries what happens in a broker to whoever wants to know: to
// those who have bound a queue to amq.rabbitmq.event, or to amq.rabbitmq.log, which
// has the lines of the log. It costs those to whom it
// happens an atomic read as long as nobody has, and never makes them wait.
package event

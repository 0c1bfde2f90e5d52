// Package metrics tells Prometheus about a broker, under the names, labels and
// paths of RabbitMQ's plugin, so that what was made for that works
// (https://www.rabbitmq.com/docs/prometheus). What RabbitMQ counts and this broker
// does not have (Erlang, Mnesia, Raft) is left out rather than said to be 0.
//
// Nothing is gathered between two scrapes: everything is asked of the broker when
// it is wanted.
package metrics

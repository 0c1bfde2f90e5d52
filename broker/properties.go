package broker

import (
	"runtime"
	"strconv"
	"strings"

	"github.com/lepusmq/lepus/amqp"
)

// serverProperties is what a client learns of the broker in connection.start.
// Client libraries decide by product, version and capabilities what they may
// use, so these say RabbitMQ; the rest says who it really is. Keys come in
// RabbitMQ's order.
func serverProperties(version, clusterName string) amqp.Table {
	return amqp.Table{
		{Key: "capabilities", Value: amqp.TableValue(capabilities())},
		{Key: "cluster_name", Value: amqp.String(clusterName)},
		{Key: "copyright", Value: amqp.String("Copyright (c) 2026 The LepusMQ Authors")},
		{Key: "information", Value: amqp.String("LepusMQ, compatible with RabbitMQ. Licensed under the Apache License 2.0")},
		{Key: "platform", Value: amqp.String("Go " + runtime.Version()[len("go"):])},
		{Key: "product", Value: amqp.String("RabbitMQ")},
		{Key: "version", Value: amqp.String(version)},
	}
}

// before4 says whether clients are told of a RabbitMQ before 4.0, so that they
// are to find what they relied on then.
func before4(version string) bool {
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n < 4
}

func capabilities() amqp.Table {
	names := []string{
		"publisher_confirms",
		"exchange_exchange_bindings",
		"basic.nack",
		"consumer_cancel_notify",
		"connection.blocked",
		"consumer_priorities",
		"authentication_failure_close",
		"per_consumer_qos",
		"direct_reply_to",
	}
	table := make(amqp.Table, len(names))
	for i, name := range names {
		table[i] = amqp.Field{Key: name, Value: amqp.Bool(true)}
	}
	return table
}

package vhost

import (
	"strings"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/exchange"
)

// What follows says what a virtual host, which need not exist, would say to a
// declaration of something new, but for what depends on what else there is.

// CheckQueue returns the error for a queue that a virtual host of that name could
// not have: 403, 406.
func CheckQueue(host string, spec QueueSpec) error {
	v := &VHost{name: host}
	if strings.HasPrefix(spec.Name, reserved) && !spec.Generated {
		return amqp.ReservedQueueName(spec.Name)
	}
	return v.checkQueue(&spec)
}

// CheckExchange is CheckQueue for an exchange. Errors: 403, 406, 503.
func CheckExchange(host string, spec ExchangeSpec) error {
	v := &VHost{name: host}
	if !exchange.KnownType(spec.Type) {
		return amqp.UnknownExchangeType(spec.Type)
	}
	_, err := v.newExchange(&spec)
	return err
}

// CheckPolicy returns the [InvalidPolicy] that SetPolicy would.
func CheckPolicy(p Policy) error {
	_, err := newPolicy(userPolicy, p)
	return err
}

// CheckOperatorPolicy is CheckPolicy for a policy of the operator.
func CheckOperatorPolicy(p Policy) error {
	_, err := newPolicy(operatorPolicy, p)
	return err
}

// Standard says whether every virtual host has an exchange of that name from its
// start.
func Standard(name string) bool { return exchange.NewGraph().Exchange(name) != nil }

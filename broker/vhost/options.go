package vhost

import (
	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// quorumDeliveryLimit is how many deliveries may fail in a quorum queue that
// does not say.
const quorumDeliveryLimit = 20

// options are what the arguments of a queue, which have been checked, come to.
func options(args amqp.Table) queue.Options {
	t, _ := typeOf(args)
	o := queue.Options{
		Quorum:          t == quorum,
		TTL:             bound(args, "x-message-ttl"),
		Expires:         bound(args, "x-expires"),
		MaxLength:       bound(args, "x-max-length"),
		MaxBytes:        bound(args, "x-max-length-bytes"),
		MaxPriority:     bound(args, "x-max-priority"),
		DeliveryLimit:   bound(args, "x-delivery-limit"),
		ConsumerTimeout: bound(args, "x-consumer-timeout"),
	}
	if o.Quorum && !o.DeliveryLimit.Set {
		o.DeliveryLimit = queue.Bound{Set: true, N: quorumDeliveryLimit}
	}
	if o.DeliveryLimit.N < 0 {
		o.DeliveryLimit = queue.Bound{}
	}
	if v, ok := args.Get("x-single-active-consumer"); ok {
		o.SingleActive, _ = v.Bool()
	}
	switch text(args, "x-overflow") {
	case "reject-publish":
		o.Overflow = queue.RejectPublish
	case "reject-publish-dlx":
		o.Overflow = queue.RejectPublishDLX
	}
	if _, ok := args.Get(deadLetterArgument); ok {
		o.DeadLetter = &queue.DeadLetter{
			Exchange:    text(args, deadLetterArgument),
			Key:         text(args, "x-dead-letter-routing-key"),
			AtLeastOnce: text(args, "x-dead-letter-strategy") == "at-least-once",
		}
		_, o.DeadLetter.HasKey = args.Get("x-dead-letter-routing-key")
	}
	o.Retry = retry(args)
	return o
}

func retry(args amqp.Table) queue.Retry {
	r := queue.Retry{Min: bound(args, "x-delayed-retry-min").N, Max: bound(args, "x-delayed-retry-max").N}
	if r.Max == 0 {
		r.Max = r.Min
	}
	switch text(args, "x-delayed-retry-type") {
	case "all":
		r.On = queue.RetryAll
	case "failed":
		r.On = queue.RetryFailed
	case "returned":
		r.On = queue.RetryReturned
	}
	return r
}

// bound is an argument that is a number.
func bound(args amqp.Table, key string) (b queue.Bound) {
	if v, ok := args.Get(key); ok {
		b.N, b.Set = v.Int()
	}
	return b
}

// text is an argument that is a string, "" if it is not there.
func text(args amqp.Table, key string) string {
	v, ok := args.Get(key)
	if !ok {
		return ""
	}
	s, _ := v.Str()
	return s
}

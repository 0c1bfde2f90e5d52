package vhost

import (
	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// defaultDeliveryLimit is how often a quorum queue takes a message back that has
// no limit of its own, as in RabbitMQ 4.
const defaultDeliveryLimit = 20

// options are what the arguments of a queue and the policies that apply to it
// come to, by RabbitMQ's rules: of lengths and times the lower one counts, of
// where dead messages go the argument, of other things the argument on a classic
// queue and the policy on a quorum queue. Both have been checked before.
func options(args amqp.Table, policies applied) queue.Options {
	t, _ := typeOf(args)
	s := sources{args, policies.definition()}
	o := queue.Options{
		Quorum:          t == quorum,
		TTL:             s.period("message-ttl"),
		Expires:         s.period("expires"),
		MaxLength:       s.lower("max-length"),
		MaxBytes:        s.lower("max-length-bytes"),
		MaxPriority:     s.argument("x-max-priority"),
		ConsumerTimeout: s.lower("consumer-timeout"),
		DeliveryLimit:   s.deliveryLimit(t),
		Overflow:        s.overflow(t),
		Retry:           s.retry(),
	}
	single, _ := args.Get("x-single-active-consumer")
	o.SingleActive, _ = single.Bool()
	o.DeadLetter = s.deadLetter(t, o.Overflow)
	return o
}

// sources are the two places where an option may be set: the argument has the
// policy's key with x- before it.
type sources struct {
	args       amqp.Table
	definition map[string]any
}

func (s sources) argument(key string) queue.Bound {
	v, _ := s.args.Get(key)
	n, ok := v.Int()
	return queue.Bound{Set: ok, N: n}
}

func (s sources) policy(key string) queue.Bound {
	n, ok := s.definition[key].(int64)
	return queue.Bound{Set: ok, N: n}
}

// lower returns the lower of the argument and the policy's value.
func (s sources) lower(key string) queue.Bound {
	return s.resolve(key, func(a, b int64) int64 { return min(a, b) })
}

// resolve returns the argument or the policy's value, or what f makes of both.
func (s sources) resolve(key string, f func(a, b int64) int64) queue.Bound {
	a, b := s.argument("x-"+key), s.policy(key)
	switch {
	case !a.Set:
		return b
	case !b.Set:
		return a
	}
	return queue.Bound{Set: true, N: f(a.N, b.N)}
}

// period is lower for a time, which a policy may give without bound.
func (s sources) period(key string) queue.Bound {
	b := s.lower(key)
	b.N = min(b.N, maxPeriod)
	return b
}

// text returns a string that an argument or a policy sets; if both do, the
// policy if it is to win.
func (s sources) text(key string, policyWins bool) (string, bool) {
	fromPolicy, inPolicy := text(s.definition, key)
	v, _ := s.args.Get("x-" + key)
	fromArgs, inArgs := v.Str()
	if inPolicy && (policyWins || !inArgs) {
		return fromPolicy, true
	}
	return fromArgs, inArgs
}

func (s sources) deliveryLimit(t queueType) queue.Bound {
	limit := s.resolve("delivery-limit", lowerDeliveryLimit)
	switch {
	case limit.Set && limit.N < 0:
		return queue.Bound{}
	case !limit.Set && t == quorum:
		return queue.Bound{Set: true, N: defaultDeliveryLimit}
	}
	return limit
}

// overflow returns what happens when the queue is full. A quorum queue cannot
// reject and dead-letter: there RabbitMQ makes room, as if nothing was said.
func (s sources) overflow(t queueType) queue.Overflow {
	name, _ := s.text("overflow", t == quorum)
	switch {
	case name == "reject-publish":
		return queue.RejectPublish
	case name == "reject-publish-dlx" && t != quorum:
		return queue.RejectPublishDLX
	}
	return queue.DropHead
}

// deadLetter returns where dead messages go. Quorum queues that refuse what is
// too much can keep dead messages until they are safe elsewhere; others have no
// room for that.
func (s sources) deadLetter(t queueType, o queue.Overflow) *queue.DeadLetter {
	exchange, ok := s.text("dead-letter-exchange", false)
	if !ok {
		return nil
	}
	d := &queue.DeadLetter{Exchange: exchange}
	d.Key, d.HasKey = s.text("dead-letter-routing-key", false)
	strategy, _ := s.text("dead-letter-strategy", false)
	d.AtLeastOnce = t == quorum && strategy == "at-least-once" && o == queue.RejectPublish
	return d
}

// retry returns which returned messages wait. There is none without a time to
// wait, and no more than that if no other maximum is set.
func (s sources) retry() queue.Retry {
	r := queue.Retry{}
	switch name, _ := s.text("delayed-retry-type", true); name {
	case "all":
		r.On = queue.RetryAll
	case "failed":
		r.On = queue.RetryFailed
	case "returned":
		r.On = queue.RetryReturned
	}
	least, most := s.period("delayed-retry-min"), s.period("delayed-retry-max")
	if r.On == queue.RetryDisabled || least.N <= 0 {
		return queue.Retry{}
	}
	r.Min, r.Max = least.N, least.N
	if most.N > 0 {
		r.Max = most.N
	}
	return r
}

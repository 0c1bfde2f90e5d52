package vhost

import (
	"reflect"
	"testing"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// What arguments, a policy and an operator policy come to.
func TestOptions(t *testing.T) {
	type def = map[string]any
	table := func(pairs ...any) amqp.Table {
		var t amqp.Table
		for i := 0; i < len(pairs); i += 2 {
			v, _ := pairs[i+1].(amqp.Value)
			switch x := pairs[i+1].(type) {
			case int:
				v = amqp.Int64(int64(x))
			case string:
				v = amqp.String(x)
			}
			t = append(t, amqp.Field{Key: pairs[i].(string), Value: v})
		}
		return t
	}
	n := func(n int64) queue.Bound { return queue.Bound{Set: true, N: n} }
	asQuorum := func(t amqp.Table) amqp.Table { return append(table("x-queue-type", "quorum"), t...) }
	quorumOptions := func(change func(*queue.Options)) queue.Options {
		o := queue.Options{Quorum: true, DeliveryLimit: n(20)}
		change(&o)
		return o
	}
	for _, c := range []struct {
		what           string
		args           amqp.Table
		user, operator def
		want           queue.Options
	}{
		{"nothing", nil, nil, nil, queue.Options{}},
		{"arguments", table("x-message-ttl", 1, "x-expires", 2, "x-max-length", 3, "x-max-length-bytes", 4, "x-max-priority", 5,
			"x-delivery-limit", 6, "x-consumer-timeout", 7, "x-single-active-consumer", amqp.Bool(true)), nil, nil,
			queue.Options{TTL: n(1), Expires: n(2), MaxLength: n(3), MaxBytes: n(4), MaxPriority: n(5), DeliveryLimit: n(6),
				ConsumerTimeout: n(7), SingleActive: true}},
		{"policy", nil, def{"message-ttl": 1, "expires": 2, "max-length": 3, "max-length-bytes": 4, "consumer-timeout": 7}, nil,
			queue.Options{TTL: n(1), Expires: n(2), MaxLength: n(3), MaxBytes: n(4), ConsumerTimeout: n(7)}},
		{"the argument is lower", table("x-message-ttl", 1, "x-max-length", 0), def{"message-ttl": 2, "max-length": 2}, nil,
			queue.Options{TTL: n(1), MaxLength: n(0)}},
		{"the policy is lower", table("x-message-ttl", 3, "x-max-length", 3), def{"message-ttl": 2, "max-length": 2}, nil,
			queue.Options{TTL: n(2), MaxLength: n(2)}},
		{"the operator is lower", table("x-message-ttl", 3), def{"message-ttl": 2, "max-length": 9}, def{"message-ttl": 1},
			queue.Options{TTL: n(1), MaxLength: n(9)}},
		{"the operator is higher", nil, def{"message-ttl": 2}, def{"message-ttl": 3, "max-length": 8},
			queue.Options{TTL: n(2), MaxLength: n(8)}},
		{"a century", nil, def{"message-ttl": int64(1) << 62}, nil, queue.Options{TTL: n(maxPeriod)}},
		{"nothing that a policy may say", nil, def{"queue-mode": "lazy", "ha-mode": "all", "queue-version": 2}, nil, queue.Options{}},

		{"overflow", table("x-overflow", "reject-publish"), nil, nil, queue.Options{Overflow: queue.RejectPublish}},
		{"overflow: the argument wins", table("x-overflow", "reject-publish"), def{"overflow": "reject-publish-dlx"}, nil,
			queue.Options{Overflow: queue.RejectPublish}},
		{"overflow: the argument wins, though it is the default", table("x-overflow", "drop-head"), def{"overflow": "reject-publish"}, nil,
			queue.Options{}},
		{"overflow: the operator wins", nil, def{"overflow": "drop-head"}, def{"overflow": "reject-publish-dlx"},
			queue.Options{Overflow: queue.RejectPublishDLX}},
		{"overflow of a quorum queue: the policy wins", asQuorum(table("x-overflow", "drop-head")), def{"overflow": "reject-publish"}, nil,
			quorumOptions(func(o *queue.Options) { o.Overflow = queue.RejectPublish })},
		{"overflow that quorum queues do not have", asQuorum(table("x-overflow", "reject-publish-dlx")), nil, nil,
			quorumOptions(func(*queue.Options) {})},

		{"dead letters", table("x-dead-letter-exchange", "x", "x-dead-letter-routing-key", ""), nil, nil,
			queue.Options{DeadLetter: &queue.DeadLetter{Exchange: "x", HasKey: true}}},
		{"dead letters by policy", nil, def{"dead-letter-exchange": "", "dead-letter-routing-key": "k"}, nil,
			queue.Options{DeadLetter: &queue.DeadLetter{Key: "k", HasKey: true}}},
		{"dead letters: the argument wins", table("x-dead-letter-exchange", "x", "x-dead-letter-routing-key", "k"),
			def{"dead-letter-exchange": "y", "dead-letter-routing-key": "l"}, nil,
			queue.Options{DeadLetter: &queue.DeadLetter{Exchange: "x", Key: "k", HasKey: true}}},
		{"dead letters: one of each", table("x-dead-letter-exchange", "x"), def{"dead-letter-exchange": "y", "dead-letter-routing-key": "l"}, nil,
			queue.Options{DeadLetter: &queue.DeadLetter{Exchange: "x", Key: "l", HasKey: true}}},
		{"a key and no exchange", nil, def{"dead-letter-routing-key": "l"}, nil, queue.Options{}},
		{"at least once", asQuorum(table("x-dead-letter-exchange", "x", "x-dead-letter-strategy", "at-least-once", "x-overflow", "reject-publish")),
			nil, nil, quorumOptions(func(o *queue.Options) {
				o.DeadLetter, o.Overflow = &queue.DeadLetter{Exchange: "x", AtLeastOnce: true}, queue.RejectPublish
			})},
		{"at least once needs to reject", asQuorum(table("x-dead-letter-exchange", "x")), def{"dead-letter-strategy": "at-least-once"},
			nil, quorumOptions(func(o *queue.Options) { o.DeadLetter = &queue.DeadLetter{Exchange: "x"} })},

		{"quorum", asQuorum(nil), nil, nil, quorumOptions(func(*queue.Options) {})},
		{"no limit", asQuorum(table("x-delivery-limit", -1)), nil, nil, queue.Options{Quorum: true}},
		{"the lower limit", asQuorum(table("x-delivery-limit", 5)), def{"delivery-limit": 3}, nil,
			quorumOptions(func(o *queue.Options) { o.DeliveryLimit = n(3) })},
		{"a limit and none", asQuorum(table("x-delivery-limit", 50)), def{"delivery-limit": -1}, nil,
			quorumOptions(func(o *queue.Options) { o.DeliveryLimit = n(50) })},
		{"no limit for the operator", asQuorum(nil), def{"delivery-limit": 7}, def{"delivery-limit": -1},
			quorumOptions(func(o *queue.Options) { o.DeliveryLimit = n(7) })},
		{"no limit for anybody", asQuorum(nil), def{"delivery-limit": -1}, def{"delivery-limit": -2}, queue.Options{Quorum: true}},

		{"retry", table("x-delayed-retry-type", "all", "x-delayed-retry-min", 5, "x-delayed-retry-max", 9), nil, nil,
			queue.Options{Retry: queue.Retry{On: queue.RetryAll, Min: 5, Max: 9}}},
		{"retry without a maximum", table("x-delayed-retry-type", "failed", "x-delayed-retry-min", 5), nil, nil,
			queue.Options{Retry: queue.Retry{On: queue.RetryFailed, Min: 5, Max: 5}}},
		{"retry without a time", table("x-delayed-retry-type", "returned"), nil, nil, queue.Options{}},
		{"retry: the policy wins", table("x-delayed-retry-type", "failed", "x-delayed-retry-min", 5),
			def{"delayed-retry-type": "returned", "delayed-retry-min": 3, "delayed-retry-max": 30}, nil,
			queue.Options{Retry: queue.Retry{On: queue.RetryReturned, Min: 3, Max: 30}}},
		{"retry: the operator is slower", nil, def{"delayed-retry-type": "all", "delayed-retry-min": 3, "delayed-retry-max": 30},
			def{"delayed-retry-min": 4, "delayed-retry-max": 20},
			queue.Options{Retry: queue.Retry{On: queue.RetryAll, Min: 4, Max: 20}}},
		{"retry: the operator forbids it", nil, def{"delayed-retry-type": "all", "delayed-retry-min": 3},
			def{"delayed-retry-type": "disabled"}, queue.Options{}},
	} {
		var a applied
		var err error
		if c.user != nil {
			if a.user, err = newPolicy(userPolicy, Policy{Definition: c.user}); err != nil {
				t.Fatalf("%s: %v", c.what, err)
			}
		}
		if c.operator != nil {
			if a.operator, err = newPolicy(operatorPolicy, Policy{Definition: c.operator}); err != nil {
				t.Fatalf("%s: %v", c.what, err)
			}
		}
		if got := options(c.args, a); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\ngot  %+v %+v\nwant %+v %+v", c.what, got, got.DeadLetter, c.want, c.want.DeadLetter)
		}
	}
}

package vhost

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/store"
)

func (f *fixture) setPolicyLater(p Policy) pending {
	c := make(pending, 1)
	f.SetPolicy(p, func(err error) { c <- err })
	return c
}

func (f *fixture) policy(p Policy) {
	f.t.Helper()
	f.ok(f.wait(f.setPolicyLater(p)))
}

func (f *fixture) operatorPolicy(p Policy) {
	f.t.Helper()
	c := make(pending, 1)
	f.SetOperatorPolicy(p, func(err error) { c <- err })
	f.ok(f.wait(c))
}

func (f *fixture) deletePolicy(name string) error {
	c := make(pending, 1)
	f.DeletePolicy(name, func(err error) { c <- err })
	return f.wait(c)
}

// has fails the test if other policies apply to a queue, by name.
func (f *fixture) has(queue, policy, operator string) {
	f.t.Helper()
	got, ok := f.QueuePolicies(queue)
	if !ok || got.Policy != policy || got.OperatorPolicy != operator {
		f.t.Errorf("queue %q has policies %q and %q, want %q and %q", queue, got.Policy, got.OperatorPolicy, policy, operator)
	}
}

func ttl(ms int) map[string]any { return map[string]any{"message-ttl": ms} }

// The texts are RabbitMQ's: 3.10.8 was asked for those of its keys.
func TestPolicyFaults(t *testing.T) {
	type def = map[string]any
	for _, c := range []struct {
		kind policyKind
		def  def
		want string
	}{
		{userPolicy, nil, "no policy provided"},
		{userPolicy, def{}, "no policy provided"},
		{userPolicy, def{"message-ttl": 0}, ""},
		{userPolicy, def{"message-ttl": 5.0}, ""},
		{userPolicy, def{"message-ttl": uint64(1 << 63)}, ""},
		{userPolicy, def{"message-ttl": -1}, "-1 is not a valid message TTL"},
		{userPolicy, def{"message-ttl": 1.5}, "1.5 is not a valid message TTL"},
		{userPolicy, def{"message-ttl": 1e30}, "1.0e30 is not a valid message TTL"},
		{userPolicy, def{"message-ttl": "a"}, `<<"a">> is not a valid message TTL`},
		{userPolicy, def{"message-ttl": ""}, `<<>> is not a valid message TTL`},
		{userPolicy, def{"message-ttl": `a"b\c`}, `<<"a\"b\\c">> is not a valid message TTL`},
		{userPolicy, def{"message-ttl": true}, "true is not a valid message TTL"},
		{userPolicy, def{"message-ttl": nil}, "null is not a valid message TTL"},
		{userPolicy, def{"message-ttl": []int{}}, "[] is not a valid message TTL"},
		{userPolicy, def{"message-ttl": []int{1, 2}}, "[1,2] is not a valid message TTL"},
		{userPolicy, def{"message-ttl": []int{65, 66}}, `"AB" is not a valid message TTL`},
		{userPolicy, def{"message-ttl": def{}}, "#{} is not a valid message TTL"},
		{userPolicy, def{"message-ttl": def{"a": []any{1, "x"}}}, `#{<<"a">> => [1,<<"x">>]} is not a valid message TTL`},
		{userPolicy, def{"expires": 0}, "0 is not a valid queue expiry"},
		{userPolicy, def{"max-length": -1}, "-1 is not a valid maximum length"},
		{userPolicy, def{"max-length-bytes": -1}, "-1 is not a valid maximum length in bytes"},
		{userPolicy, def{"max-in-memory-length": -1}, "-1 is not a valid maximum memory in bytes"},
		{userPolicy, def{"max-in-memory-bytes": -1}, "-1 is not a valid maximum memory in bytes"},
		{userPolicy, def{"overflow": 1}, "1 is not a valid overflow value"},
		{userPolicy, def{"overflow": "a"}, `<<"a">> is not a valid overflow value`},
		{userPolicy, def{"overflow": "reject-publish-dlx"}, ""},
		{userPolicy, def{"dead-letter-exchange": 1}, "1 is not a valid dead letter exchange name"},
		{userPolicy, def{"dead-letter-exchange": ""}, ""},
		{userPolicy, def{"dead-letter-routing-key": 1}, "1 is not a valid dead letter routing key"},
		{userPolicy, def{"dead-letter-strategy": "a"}, `<<"a">> is not a valid dead letter strategy`},
		{userPolicy, def{"delivery-limit": -1}, ""}, // since 4.0
		{userPolicy, def{"delivery-limit": "a"}, `<<"a">> is not a valid delivery limit`},
		{userPolicy, def{"alternate-exchange": 1}, "1 is not a valid alternate exchange name"},
		{userPolicy, def{"queue-mode": "a"}, `<<"a">> is not a valid queue-mode value`},
		{userPolicy, def{"queue-version": 0}, "0 is not a valid queue-version value"},
		{userPolicy, def{"queue-version": 2}, ""},
		{userPolicy, def{"consumer-timeout": -1}, "-1 is not a valid consumer timeout"},
		{userPolicy, def{"consumer-disconnected-timeout": "a"}, `<<"a">> is not a valid consumer disconnected timeout`},
		{userPolicy, def{"max-age": "5D"}, ""},
		{userPolicy, def{"max-age": "5x"}, `<<"5x">> is not a valid max age`},
		{userPolicy, def{"max-age": "D"}, `<<"D">> is not a valid max age`},
		{userPolicy, def{"max-age": 5}, "5 is not a valid max age"},
		{userPolicy, def{"stream-max-segment-size-bytes": -1}, "-1 is not a valid segment size"},
		{userPolicy, def{"stream-filter-size-bytes": 15}, "15 is not a valid filter size. Valid range is 16-255"},
		{userPolicy, def{"queue-leader-locator": "a"}, `<<"a">> is not a valid queue leader locator value`},
		{userPolicy, def{"queue-master-locator": "a"}, `<<"a">> invalid queue-master-locator value`},
		{userPolicy, def{"queue-master-locator": "min-masters"}, ""},
		{userPolicy, def{"initial-cluster-size": -1}, "-1 is not a valid cluster size"},
		{userPolicy, def{"target-group-size": 0}, "0 is not a valid qq target count value"},
		{userPolicy, def{"member-placement-tag": ""}, "<<>> is not a valid member-placement-tag value. Must be a non-empty string"},
		{userPolicy, def{"delayed-retry-type": "all"}, "delayed-retry-min is required when delayed-retry-type is all"},
		{userPolicy, def{"delayed-retry-type": "all", "delayed-retry-min": 5}, ""},
		{userPolicy, def{"delayed-retry-type": "disabled"}, ""},
		{userPolicy, def{"delayed-retry-type": "a"},
			`<<"a">> is not a valid delayed retry type. Must be one of: all, failed, returned, disabled`},
		{userPolicy, def{"delayed-retry-min": 5, "delayed-retry-max": 4},
			"delayed-retry-max (4) must not be smaller than delayed-retry-min (5)"},
		{userPolicy, def{"delayed-retry-min": 0}, "0 is not a valid delayed retry minimum delay. Must be a positive integer"},
		{userPolicy, def{"ha-mode": "exactly", "ha-params": 2, "ha-sync-mode": "automatic"}, ""},
		{userPolicy, def{"federation-upstream-set": "all"}, ""},
		{userPolicy, def{"max-priority": 1}, `[{<<"max-priority">>,1}] are not recognised policy settings`},
		{userPolicy, def{"nonsense": "", "foo": []any{}}, `[{<<"foo">>,[]},{<<"nonsense">>,<<>>}] are not recognised policy settings`},
		{userPolicy, def{"nonsense": 1, "message-ttl": -1, "foo": 2}, "-1 is not a valid message TTL"},
		{userPolicy, def{"max-length": -2, "message-ttl": -1}, "-2 is not a valid maximum length"},

		{operatorPolicy, nil, "no policy provided"},
		{operatorPolicy, def{"message-ttl": -1}, "-1 is not a valid message TTL"},
		{operatorPolicy, def{"message-ttl": 1, "dead-letter-exchange": "x"},
			`[{<<"dead-letter-exchange">>,<<"x">>}] are not recognised policy settings`},
		{operatorPolicy, def{"dead-letter-exchange": 1}, `[{<<"dead-letter-exchange">>,1}] are not recognised policy settings`},
		{operatorPolicy, def{"queue-mode": "lazy"}, `[{<<"queue-mode">>,<<"lazy">>}] are not recognised policy settings`},
		{operatorPolicy, def{"ha-mode": "all"}, `[{<<"ha-mode">>,<<"all">>}] are not recognised policy settings`},
		{operatorPolicy, def{"expires": 1, "message-ttl": 1, "max-length": 1, "max-length-bytes": 1, "max-in-memory-length": 1,
			"max-in-memory-bytes": 1, "delivery-limit": 1, "overflow": "drop-head", "queue-version": 2, "target-group-size": 3,
			"delayed-retry-min": 1, "delayed-retry-max": 2, "delayed-retry-type": "all", "member-placement-tag": "x"}, ""},
	} {
		_, err := newPolicy(c.kind, Policy{Name: "p", Definition: c.def})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%v\ngot  %s\nwant %s", c.def, got, c.want)
		}
	}
}

func TestPolicyKeysAreSorted(t *testing.T) {
	for i := range policyKeys {
		if i > 0 && policyKeys[i-1].key >= policyKeys[i].key {
			t.Errorf("%q comes after %q", policyKeys[i].key, policyKeys[i-1].key)
		}
	}
}

// All that is wrong is told, in RabbitMQ's order, and nothing is changed.
func TestInvalidPolicy(t *testing.T) {
	f := newFixture(t)
	err := f.wait(f.setPolicyLater(Policy{Name: "p", Pattern: "(", ApplyTo: "cars", Definition: ttl(-1)}))
	var invalid InvalidPolicy
	if !errors.As(err, &invalid) {
		t.Fatalf("got %v", err)
	}
	lines := strings.Split(invalid.Error(), "\n")
	if len(lines) != 3 || lines[0] != "-1 is not a valid message TTL" ||
		lines[1] != "apply-to 'cars' unrecognised; should be one of: 'queues', 'classic_queues',  'quorum_queues', 'streams', 'exchanges', or 'all'" ||
		!strings.HasPrefix(lines[2], "pattern should be regular expression but is invalid: ") {
		t.Errorf("got %q", lines)
	}
	if n := len(f.Policies()); n > 0 || f.store.kinds()[store.KindPolicy] > 0 {
		t.Errorf("there are %d policies", n)
	}
}

func TestPolicyMatches(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"orders", "my.orders", "other"} {
		f.queue(name)
	}
	_, err := f.declare(me, QueueSpec{Name: "quorum.orders", Durable: true, Arguments: args("x-queue-type", amqp.String("quorum"))})
	f.ok(err)
	f.policy(Policy{Name: "b", Pattern: "^orders", Definition: ttl(1)})
	f.policy(Policy{Name: "a", Pattern: "orders", Priority: -1, Definition: ttl(2)})
	f.has("orders", "b", "")
	f.has("my.orders", "a", "")
	f.has("quorum.orders", "a", "")
	f.has("other", "", "")
	f.policy(Policy{Name: "a", Pattern: "orders", Definition: ttl(2)}) // as high as b, which comes after it
	f.has("orders", "a", "")
	f.policy(Policy{Name: "z", Pattern: "", Priority: 1, ApplyTo: "quorum_queues", Definition: ttl(3)})
	f.has("quorum.orders", "z", "")
	f.has("orders", "a", "")
	f.policy(Policy{Name: "z", Pattern: "", Priority: 1, ApplyTo: "exchanges", Definition: ttl(3)})
	f.has("quorum.orders", "a", "")
	if x, ok := f.ExchangePolicies("amq.direct"); !ok || x.Policy != "z" {
		t.Errorf("an exchange has %v", x)
	}
	f.policy(Policy{Name: "z", Pattern: "", Priority: 1, ApplyTo: "streams", Definition: ttl(3)})
	f.has("quorum.orders", "a", "")
	f.policy(Policy{Name: "z", Pattern: "", Priority: 1, ApplyTo: "queues", Definition: ttl(3)})
	f.has("other", "z", "")
	f.policy(Policy{Name: "z", Pattern: "", Priority: 1, ApplyTo: "classic_queues", Definition: ttl(3)})
	f.has("other", "z", "")
	f.has("quorum.orders", "a", "")
	f.operatorPolicy(Policy{Name: "z", Pattern: "^(?!my)", Definition: map[string]any{"message-ttl": 2, "expires": 70}})
	f.has("other", "z", "z")
	f.has("my.orders", "z", "")
	if got, _ := f.QueuePolicies("other"); !reflect.DeepEqual(got.Definition, map[string]any{"message-ttl": int64(2), "expires": int64(70)}) {
		t.Errorf("together they come to %v", got.Definition)
	}
	if got, want := names(f.Policies()), []string{"z", "a", "b"}; !slices.Equal(got, want) {
		t.Errorf("policies are %q, want %q", got, want)
	}
	f.ok(f.deletePolicy("z"))
	f.has("other", "", "z")
	if err := f.deletePolicy("z"); !errors.Is(err, ErrNoPolicy) {
		t.Errorf("got %v", err)
	}
}

func names(all []Policy) []string {
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return names
}

// A policy with a key that a type of queue does not know is not for queues of
// that type, and the next one is.
func TestPolicyWithStrangeKeys(t *testing.T) {
	f := newFixture(t)
	f.queue("classic")
	_, err := f.declare(me, QueueSpec{Name: "quorum", Durable: true, Arguments: args("x-queue-type", amqp.String("quorum"))})
	f.ok(err)
	f.policy(Policy{Name: "low", Definition: ttl(1)})
	high := func(definition map[string]any) Policy {
		return Policy{Name: "high", Priority: 1, Definition: definition}
	}
	f.policy(high(map[string]any{"message-ttl": 5, "delivery-limit": 3}))
	f.has("classic", "low", "")
	f.has("quorum", "high", "")
	f.policy(high(map[string]any{"message-ttl": 5, "ha-mode": "all"}))
	f.has("classic", "high", "")
	f.has("quorum", "low", "")
	f.policy(high(map[string]any{"max-age": "1D"}))
	f.has("classic", "low", "")
	f.has("quorum", "low", "")
	// Classic queues have a delivery limit, too, but only if they are meant.
	p := high(map[string]any{"delivery-limit": 3})
	p.ApplyTo = "classic_queues"
	f.policy(p)
	f.has("classic", "high", "")
	f.has("quorum", "low", "")
}

func TestAlternateByPolicy(t *testing.T) {
	f := newFixture(t)
	f.queue("q")
	f.ok(f.bind(me, Binding{Source: "amq.fanout", Destination: "q"}))
	f.ok(f.exchange(ExchangeSpec{Name: "before", Type: "direct", Durable: true}))
	f.ok(f.exchange(ExchangeSpec{Name: "own", Type: "direct", Arguments: args("alternate-exchange", amqp.String("nowhere"))}))
	f.policy(Policy{Name: "p", Pattern: "", Definition: map[string]any{"alternate-exchange": "amq.fanout"}})
	f.ok(f.exchange(ExchangeSpec{Name: "after", Type: "direct"}))
	f.routes("before", "k", "q")
	f.routes("after", "k", "q")
	f.routes("amq.topic", "k", "q")
	f.routes("own", "k")
	f.routes("", "k")
	g := f.restart()
	g.queue("q")
	g.ok(g.bind(me, Binding{Source: "amq.fanout", Destination: "q"}))
	g.routes("before", "k", "q")
	g.routes("amq.topic", "k", "q")
	f.ok(f.deletePolicy("p"))
	f.routes("before", "k")
	f.routes("after", "k")
}

func TestPoliciesSurviveRestart(t *testing.T) {
	f := newFixture(t)
	f.durableQueue("q")
	definition := map[string]any{"message-ttl": 1 << 40, "dead-letter-exchange": "<é>", "queue-version": 2}
	f.policy(Policy{Name: "p", Pattern: "^q", ApplyTo: "queues", Priority: 3, Definition: definition})
	f.policy(Policy{Name: "replaced", Pattern: "x", Definition: ttl(1)})
	f.policy(Policy{Name: "replaced", Pattern: "y", Definition: ttl(2)})
	f.policy(Policy{Name: "gone", Definition: ttl(1)})
	f.ok(f.deletePolicy("gone"))
	f.operatorPolicy(Policy{Name: "p", Pattern: "q", Definition: ttl(9)})
	if n := f.store.kinds()[store.KindPolicy]; n != 3 {
		t.Errorf("%d policies are kept, want 3", n)
	}
	g := f.restart()
	g.has("q", "p", "p")
	if got, want := g.Policies(), f.Policies(); !reflect.DeepEqual(got, want) || len(got) != 2 {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := g.OperatorPolicies(), f.OperatorPolicies(); !reflect.DeepEqual(got, want) || len(got) != 1 {
		t.Errorf("got %v, want %v", got, want)
	}
	g.policy(Policy{Name: "replaced", Definition: ttl(3)})
	if n := f.store.kinds()[store.KindPolicy]; n != 3 {
		t.Errorf("%d policies are kept, want 3", n)
	}
}

func TestPolicyReplyWaitsForTheStore(t *testing.T) {
	f := newFixture(t)
	f.store.hold()
	set := f.setPolicyLater(Policy{Name: "p", Definition: ttl(1)})
	f.waits(set, "a policy")
	f.queue("q") // is not held up
	f.has("q", "p", "")
	f.store.release()
	f.ok(f.wait(set))
}

// The definition that somebody keeps is not the one in force.
func TestPoliciesAreCopies(t *testing.T) {
	f := newFixture(t)
	f.queue("q")
	mine := ttl(1)
	f.policy(Policy{Name: "p", Definition: mine})
	mine["message-ttl"] = 2
	clear(f.Policies()[0].Definition)
	got, _ := f.QueuePolicies("q")
	if !maps.Equal(got.Definition, map[string]any{"message-ttl": int64(1)}) {
		t.Errorf("got %v", got.Definition)
	}
}

// A pattern that takes forever is given up once, not once for each queue.
func TestHopelessPolicy(t *testing.T) {
	f := newFixture(t)
	for i := range 50 {
		f.queue(strings.Repeat("a", 50+i))
	}
	f.policy(Policy{Name: "low", Priority: -1, Definition: ttl(1)})
	f.policy(Policy{Name: "hopeless", Pattern: "^(?=(a+)+$)(a+)+b", Definition: ttl(1)})
	f.has(strings.Repeat("a", 50), "low", "")
}

// Queues and exchanges that are made while policies change have the right ones
// in the end, which the fixture checks.
func TestPoliciesWhileDeclaring(t *testing.T) {
	f := newFixture(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := range 100 {
				name := fmt.Sprint(i, ".", n)
				p := make(pending, 2)
				f.DeclareQueue(me, QueueSpec{Name: name}, func(_ QueueInfo, err error) { p <- err })
				f.DeclareExchange(ExchangeSpec{Name: name, Type: "direct"}, func(err error) { p <- err })
				if err := errors.Join(<-p, <-p); err != nil {
					t.Error(err)
				}
				if n%3 == 0 {
					f.DeleteQueue(me, name, false, false, func(int, error) {})
				}
			}
		})
	}
	for n := range 50 {
		p := f.setPolicyLater(Policy{Name: "p", Pattern: fmt.Sprint(n % 10), Definition: map[string]any{
			"message-ttl": 1000000 + n, "alternate-exchange": fmt.Sprint("x", n)}})
		if err := <-p; err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

// How long a policy for 100,000 queues takes, and the longest time that another
// client waited for a queue meanwhile.
func BenchmarkSetPolicy(b *testing.B) {
	f := newFixture(b)
	for i := range 100_000 {
		f.queue(fmt.Sprint("queue-", i))
	}
	n := 0
	for b.Loop() {
		n++
		f.policy(Policy{Name: "p", Pattern: "^queue-", Definition: ttl(1_000_000 + n)})
	}
}

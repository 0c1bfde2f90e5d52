package exchange

import (
	"slices"
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

// Several keys lead where any of them does, each queue once, and the alternate
// exchange is for messages of which no key leads anywhere.
func TestRouteKeys(t *testing.T) {
	b := newBuild(t, "one", "two", "three", "lost")
	b.exchange(Exchange{Name: "x", Type: "direct", Arguments: amqp.Table{{Key: AlternateExchange, Value: amqp.String("amq.fanout")}}})
	b.bind("amq.fanout", "lost", "")
	b.bind("x", "one", "1")
	b.bind("x", "two", "2")
	b.bindExchange("x", "amq.topic", "topic.3")
	b.bind("amq.topic", "three", "*.3")
	b.bind("amq.topic", "one", "1")
	b.bind("amq.headers", "one", "")
	for _, tt := range []struct {
		exchange string
		keys     []string
		want     []string
	}{
		{"x", []string{"1"}, []string{"one"}},
		{"x", []string{"1", "1", "none"}, []string{"one"}},
		{"x", []string{"none", "2", "1"}, []string{"one", "two"}},
		{"x", []string{"none", "topic.3", "1"}, []string{"one", "three"}},
		{"x", []string{"none", "neither"}, []string{"lost"}},
		{"", []string{"one", "two", "one", "x"}, []string{"one", "two"}},
		{"amq.topic", []string{"1", "2.3"}, []string{"one", "three"}},
		{"amq.fanout", []string{"1", "2"}, []string{"lost"}},
		{"amq.headers", []string{"1", "2"}, []string{"one"}},
	} {
		var keys [][]byte
		for _, k := range tt.keys {
			keys = append(keys, []byte(k))
		}
		var r Result
		var got []string
		b.g.RouteKeys(&r, b.g.Exchange(tt.exchange), keys, nil)
		for _, q := range r.Queues() {
			got = append(got, q.QueueName())
		}
		if slices.Sort(got); !slices.Equal(got, tt.want) {
			t.Errorf("%q with keys %q went to %q, want %q", tt.exchange, tt.keys, got, tt.want)
		}
	}
}

package exchange

import (
	"fmt"
	"testing"
)

// TestRoutingDoesNotAllocate covers what happens to every message that does not
// go where the one before it went.
func TestRoutingDoesNotAllocate(t *testing.T) {
	x := newBuild(t)
	for i := range 100 {
		name := fmt.Sprintf("queue-%d", i)
		x.g = x.g.AddQueue(newQueue(name))
		x.bind("amq.direct", name, name)
		x.bind("amq.topic", name, fmt.Sprintf("stock.%d.*.#", i))
		x.bind("amq.fanout", name, "")
	}
	for exchange, tt := range map[string]struct {
		key    string
		queues int
	}{
		"":           {"queue-7", 1},
		"amq.direct": {"queue-7", 1},
		"amq.topic":  {"stock.7.usd.nyse", 1},
		"amq.fanout": {"any", 100},
	} {
		var r Result
		key := []byte(tt.key)
		route := func() { x.g.Route(&r, x.g.Exchange(exchange), key, nil) }
		if n := testing.AllocsPerRun(100, route); n != 0 || len(r.Queues()) != tt.queues {
			t.Errorf("exchange %q: %v allocations, %d queues", exchange, n, len(r.Queues()))
		}
	}
}

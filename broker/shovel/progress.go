package shovel

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/lepusmq/lepus/broker/stats"
)

// progress is what others see of a shovel.
type progress struct {
	// written by the worker, read by anyone
	forwarded          atomic.Uint64
	pending, remaining atomic.Int64

	// guarded by mu
	mu   sync.Mutex
	seen stats.Shovel
}

func (p *progress) begin(c *config) {
	p.remaining.Store(-1)
	s, d := &c.source, &c.destination
	p.seen = stats.Shovel{
		VHost: c.vhost, Name: c.name, AckMode: c.ackMode, State: stats.ShovelStarting, Since: time.Now(),
		Source: stats.ShovelEnd{
			URI: s.addresses[0].String(), Protocol: protocol, Queue: s.queue, Exchange: s.exchange, ExchangeKey: s.key,
		},
		Destination: stats.ShovelEnd{URI: d.addresses[0].String(), Protocol: protocol, Queue: d.queue},
	}
	if d.exchange != nil {
		p.seen.Destination.Exchange = *d.exchange
	}
	if d.key != nil {
		p.seen.Destination.ExchangeKey = *d.key
	}
}

// use notes which of several addresses the shovel has connected to.
func (p *progress) use(source, destination address) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen.Source.URI, p.seen.Destination.URI = source.String(), destination.String()
}

func (p *progress) enter(state, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen.State, p.seen.Reason, p.seen.Since = state, reason, time.Now()
}

// settled notes that n more messages are where they were to go.
func (p *progress) settled(n int64) {
	p.forwarded.Add(uint64(n))
	if p.remaining.Load() >= 0 {
		p.remaining.Add(-n)
	}
}

func (p *progress) get() stats.Shovel {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.seen
	s.Forwarded, s.Pending, s.Remaining = p.forwarded.Load(), uint64(p.pending.Load()), p.remaining.Load()
	return s
}

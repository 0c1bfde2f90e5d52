package management

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/lepusmq/lepus/broker/stats"
)

// kind is what is sampled.
type kind uint8

const (
	wholes kind = iota // the broker, and its node
	vhosts
	queues
	exchanges
	connections
	channels
	parts // what channels do with one exchange or queue, and what goes from one to another
	kinds
)

// place names what is sampled. Connections and channels are in no virtual host: their
// names are their own.
type place struct {
	kind        kind
	vhost, name string
}

// The places of the two wholes.
var (
	theBroker = place{kind: wholes, name: "broker"}
	theNode   = place{kind: wholes, name: "node"}
)

// sampler takes samples of everything that has rates, in a goroutine of its own. Of
// kinds with many objects it does so only while somebody looks at them.
type sampler struct {
	// immutable
	broker   Broker
	interval time.Duration
	off      bool // nothing is sampled
	stop     chan struct{}
	stopped  chan struct{}
	looked   chan kind // somebody looks at a kind that may not be sampled yet

	asked [kinds]atomic.Int64 // when somebody asked for one of a kind, in milliseconds

	// guarded by mu
	mu  sync.Mutex
	all [kinds]map[place]*series
	// counts are what the queues of virtual hosts with many counted last.
	counts map[string][]stats.QueueCounts
}

const (
	// few is how many objects of a kind are sampled whether somebody looks or not.
	few = 1000
	// askedFor is how long a kind is sampled after somebody has looked.
	askedFor = 5 * time.Minute
	// maxCharted is how many objects are charted at a time.
	maxCharted = 256
)

func newSampler(b Broker, interval time.Duration, off bool) *sampler {
	s := &sampler{
		broker: b, interval: interval, off: off,
		stop: make(chan struct{}), stopped: make(chan struct{}), looked: make(chan kind, kinds),
	}
	s.reset()
	go s.run()
	return s
}

// reset forgets all samples.
func (s *sampler) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.all {
		s.all[k] = map[place]*series{}
	}
	s.counts = nil
}

func (s *sampler) close() {
	close(s.stop)
	<-s.stopped
}

func (s *sampler) run() {
	defer close(s.stopped)
	if s.off {
		return
	}
	t := time.NewTicker(s.interval)
	defer t.Stop()
	s.take()
	for {
		select {
		case <-t.C:
			s.take()
		case k := <-s.looked:
			s.begin(k)
		case <-s.stop:
			return
		}
	}
}

// take takes a sample of everything that is to be sampled.
func (s *sampler) take() {
	now := time.Now().UnixMilli()
	totals, err := s.broker.Totals("")
	if err != nil {
		return // it is for no virtual host that it could miss
	}
	n := s.broker.Node()
	hosts := s.broker.VHosts()
	s.note(wholes, now, map[place][]int64{theBroker: totalsSample(&totals), theNode: nodeSample(&n)})
	for k, many := range map[kind]int{
		vhosts: max(len(hosts), totals.Queues), queues: totals.Queues, exchanges: totals.Exchanges,
		connections: totals.Connections, channels: totals.Channels,
	} {
		if many <= few || now-s.asked[k].Load() < askedFor.Milliseconds() {
			s.note(k, now, s.sample(k, hosts))
		} else {
			s.forget(k)
		}
	}
	s.forgetParts(now)
}

// sample returns what the objects of a kind count now.
func (s *sampler) sample(k kind, hosts []string) map[place][]int64 {
	b, now := s.broker, map[place][]int64{}
	switch k {
	case connections:
		for _, c := range b.Connections() {
			now[place{connections, "", c.Name}] = trafficSample(&c.Traffic)
		}
		return now
	case channels:
		for _, c := range b.Channels() {
			now[place{channels, "", c.Name}] = messageSample(0, c.Unacked, &c.Messages)
		}
		return now
	}
	if k == queues {
		return s.sampleQueues(hosts)
	}
	for _, host := range hosts {
		s.sampleIn(host, k, now)
	}
	return now
}

// sampleQueues is sample for queues. What many of them count is kept until the next
// time.
func (s *sampler) sampleQueues(hosts []string) map[place][]int64 {
	now, kept := map[place][]int64{}, map[string][]stats.QueueCounts{}
	for _, host := range hosts {
		counts, _ := s.broker.QueueCounts(host) // an error is that it was deleted meanwhile
		for i := range counts {
			c := &counts[i]
			now[place{queues, host, c.Name}] = messageSample(c.Ready, c.Unacked, &c.Messages)
		}
		if len(counts) > few {
			kept[host] = counts
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts = kept
	return now
}

// queueCounts returns what the queues of a virtual host count: of many what they
// counted when they were sampled last.
func (s *sampler) queueCounts(host string) []stats.QueueCounts {
	s.mu.Lock()
	kept := s.counts[host]
	s.mu.Unlock()
	if kept != nil {
		return kept
	}
	counts, _ := s.broker.QueueCounts(host) // an error is that it was deleted meanwhile
	return counts
}

// sampleIn is sample in a virtual host. One that has gone meanwhile has nothing.
func (s *sampler) sampleIn(host string, k kind, now map[place][]int64) {
	b := s.broker
	switch k {
	case vhosts:
		if t, err := b.Totals(host); err == nil {
			now[place{vhosts, host, ""}] = totalsSample(&t)
		}
	case exchanges:
		names, _ := b.ExchangeNames(host)
		for _, name := range names {
			if x, err := b.Exchange(host, name); err == nil {
				now[place{exchanges, host, name}] = messageSample(0, 0, &x.Messages)
			}
		}
	}
}

// note adds samples of a kind, and lets go of what is not there any more.
func (s *sampler) note(k kind, at int64, samples map[place][]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all[k]
	for p := range all {
		if _, ok := samples[p]; !ok {
			delete(all, p)
		}
	}
	for p, v := range samples {
		one := all[p]
		if one == nil {
			one = &series{keeps: k <= vhosts}
			all[p] = one
		}
		one.add(point{at, v})
	}
}

// forget lets go of all of a kind.
func (s *sampler) forget(k kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.all[k])
	if k == queues {
		s.counts = nil
	}
}

// look notes that somebody looks at objects of a kind. If that was not sampled it is
// from now on.
func (s *sampler) look(k kind) {
	if s.off {
		return
	}
	now := time.Now().UnixMilli()
	if was := s.asked[k].Swap(now); now-was < askedFor.Milliseconds() {
		return
	}
	select {
	case s.looked <- k:
	default: // it is known
	}
}

// begin takes the first sample of a kind at which somebody looks.
func (s *sampler) begin(k kind) {
	s.mu.Lock()
	sampled := len(s.all[k]) > 0
	s.mu.Unlock()
	if !sampled {
		s.note(k, time.Now().UnixMilli(), s.sample(k, s.broker.VHosts()))
	}
}

// history returns what is known of the past of an object. If it is to be charted it
// is from now on.
func (s *sampler) history(p place, chart bool) history {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[p.kind][p]
	if one == nil {
		return history{}
	}
	if chart && !one.keeps {
		now := time.Now().UnixMilli()
		if now-one.charted <= chartedFor || s.charted(p.kind, now) < maxCharted {
			one.charted = now
		}
	}
	return history{one.prev, one.last, one.fine, one.coarse}
}

// rates are by how much a number of each of n objects has grown each second, lately.
func (s *sampler) rates(at, n int, of func(i int) place) []float64 {
	rates := make([]float64, n)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range rates {
		p := of(i)
		if one := s.all[p.kind][p]; one != nil {
			rates[i] = float64(one.rate(at))
		}
	}
	return rates
}

// charted is how many objects of a kind are charted. Called with mu held.
func (s *sampler) charted(k kind, now int64) (n int) {
	for _, one := range s.all[k] {
		if one.fine != nil && now-one.charted <= chartedFor {
			n++
		}
	}
	return n
}

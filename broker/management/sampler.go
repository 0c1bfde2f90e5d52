package management

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
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
	// queues are the snapshots of virtual hosts; of queues all has only those that
	// are charted.
	queues map[string]*snapshot
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
	s.queues = map[string]*snapshot{}
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
			s.sample(k, now, hosts)
		} else {
			s.forget(k)
		}
	}
	s.forgetParts(now)
}

// sample takes a sample of the objects of a kind.
func (s *sampler) sample(k kind, at int64, hosts []string) {
	b, now := s.broker, map[place][]int64{}
	switch k {
	case queues:
		s.sampleQueues(at, hosts)
		return
	case connections:
		for _, c := range b.Connections() {
			now[place{connections, "", c.Name}] = trafficSample(&c.Traffic)
		}
	case channels:
		for _, c := range b.Channels() {
			now[place{channels, "", c.Name}] = messageSample(0, c.Unacked, &c.Messages)
		}
	default:
		for _, host := range hosts {
			s.sampleIn(host, k, now)
		}
	}
	s.note(k, at, now)
}

// sampleQueues is sample for queues, of which there may be very many: they have
// snapshots, and only those that are charted have a series.
func (s *sampler) sampleQueues(at int64, hosts []string) {
	for _, host := range hosts {
		s.snapshot(at, host)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for host := range s.queues {
		if !slices.Contains(hosts, host) {
			delete(s.queues, host)
		}
	}
	for p, one := range s.all[queues] {
		of := s.queues[p.vhost]
		i := -1
		if of != nil {
			i = of.find(p.name)
		}
		if i < 0 || at-one.charted > chartedFor {
			delete(s.all[queues], p)
			continue
		}
		one.add(of.history(i).last)
	}
}

// snapshot takes the next snapshot of a virtual host, and returns it.
func (s *sampler) snapshot(at int64, host string) *snapshot {
	counts, err := s.broker.QueueCounts(host)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil { // it was deleted meanwhile
		delete(s.queues, host)
		return &snapshot{}
	}
	next := newSnapshot(at, counts, s.queues[host])
	s.queues[host] = next
	return next
}

// counted returns what the queues of a virtual host count: of many what they counted
// when they were sampled last. rates is where their rates are; nil if there are none.
func (s *sampler) counted(host string) (now, rates *snapshot) {
	s.mu.Lock()
	rates = s.queues[host]
	s.mu.Unlock()
	if rates != nil && len(rates.counts) > few {
		return rates, rates
	}
	counts, _ := s.broker.QueueCounts(host) // an error is that it was deleted meanwhile
	return &snapshot{counts: counts}, rates
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
		clear(s.queues)
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
	sampled := len(s.all[k]) > 0 || k == queues && len(s.queues) > 0
	s.mu.Unlock()
	if !sampled {
		s.sample(k, time.Now().UnixMilli(), s.broker.VHosts())
	}
}

// history returns what is known of the past of an object. If it is to be charted it
// is from now on.
func (s *sampler) history(p place, chart bool) (h history) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[p.kind][p]
	if of := s.queues[p.vhost]; p.kind == queues && of != nil {
		i := of.find(p.name)
		if i < 0 {
			return history{}
		}
		h = of.history(i)
		if chart && one == nil && len(s.all[queues]) < maxCharted {
			one = &series{}
			s.all[queues][p] = one
		}
	}
	if one == nil {
		return h
	}
	if chart && !one.keeps {
		now := time.Now().UnixMilli()
		if now-one.charted <= chartedFor || s.charted(p.kind, now) < maxCharted {
			one.charted = now
		}
	}
	if p.kind != queues {
		h.prev, h.last = one.prev, one.last
	}
	h.fine, h.coarse = one.fine, one.coarse
	return h
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

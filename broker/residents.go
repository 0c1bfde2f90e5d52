package broker

import (
	"maps"
	"slices"
	"sync"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/session"
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
)

// residents are the virtual hosts and the sessions in them: who comes in is
// decided, and counted, here. It is the session.Host of the broker's sessions.
// All methods may be called from any goroutine.
type residents struct {
	// immutable
	users *auth.Users

	// guarded by mu
	mu                          sync.Mutex
	maxConnections, maxChannels int // of the node; 0: any number
	hosts                       map[string]*host
	places                      map[*session.Session]place
	byUser                      map[string]int // connections
	channels                    map[string]int // by user
	opened                      int            // channels
	leaving                     map[*host]bool // hosts that are being deleted
	// gone is what hosts have counted that are not there any more.
	gone stats.Totals
	// received is what sessions have counted that are not there any more.
	received stats.Received
}

// host is a virtual host.
type host struct {
	*vhost.VHost
	id       uint64 // of its definition
	sessions sync.WaitGroup
	// guarded by residents.mu
	n, channels int           // of sessions, and their channels
	churn       stats.Churn   // of connections and channels
	traffic     stats.Traffic // of connections that have ended
	inside      map[*session.Session]bool
}

// place is where a session is.
type place struct {
	user string // empty: the broker itself
	host *host
}

func newResidents(cfg *Config, users *auth.Users) *residents {
	return &residents{
		users: users, maxConnections: cfg.MaxConnections, maxChannels: cfg.MaxChannels,
		hosts: map[string]*host{}, places: map[*session.Session]place{},
		byUser: map[string]int{}, channels: map[string]int{}, leaving: map[*host]bool{},
	}
}

// Enter implements session.Host. The order of the checks is RabbitMQ's.
func (r *residents) Enter(s *session.Session, user, name string) (*vhost.VHost, *amqp.Error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if reached(len(r.places), nodeLimit(r.maxConnections)) {
		return nil, amqp.NodeConnectionLimit(r.maxConnections)
	}
	h := r.hosts[name]
	if h == nil {
		return nil, amqp.NoVHost(name)
	}
	if most := h.Settings().MaxConnections; reached(h.n, most) {
		return nil, amqp.VHostConnectionLimit(name, user, *most)
	}
	if s.Trusted() { // it is no user
		r.take(s, place{host: h})
		return h.VHost, nil
	}
	if most := r.users.Limits(user).MaxConnections; reached(r.byUser[user], most) {
		return nil, amqp.UserConnectionLimit(user, *most)
	}
	if _, ok := r.users.Access(user, name); !ok && !s.KnownElsewhere() {
		return nil, amqp.VHostRefused(name, user)
	}
	r.take(s, place{user: user, host: h})
	return h.VHost, nil
}

// take gives a session its place. Called with mu held.
func (r *residents) take(s *session.Session, p place) {
	p.host.n++
	p.host.inside[s] = true
	p.host.churn.ConnectionsOpened++
	p.host.sessions.Add(1)
	r.byUser[p.user]++
	r.places[s] = p
}

// setLimits sets what the node may have. What there is stays.
func (r *residents) setLimits(cfg *Config) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.maxConnections, r.maxChannels = cfg.MaxConnections, cfg.MaxChannels
}

// leave notes that a session has ended, wherever it was.
func (r *residents) leave(s *session.Session) {
	received := s.Received() // these may wait for those who wait for mu
	traffic := s.Traffic()
	traffic.Pending = 0
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.places[s]
	if !ok {
		return
	}
	delete(r.places, s)
	r.received.Add(&received)
	less(r.byUser, p.user, 1)
	p.host.n--
	delete(p.host.inside, s)
	p.host.traffic.Add(&traffic)
	p.host.churn.ConnectionsClosed++
	p.host.sessions.Done()
}

// OpenChannel implements session.Host.
func (r *residents) OpenChannel(s *session.Session) *amqp.Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.places[s]
	user := p.user
	if most := r.users.Limits(user).MaxChannels; reached(r.channels[user], most) {
		return amqp.UserChannelLimit(user, *most)
	}
	if reached(r.opened, nodeLimit(r.maxChannels)) {
		return amqp.NodeChannelLimit(r.maxChannels)
	}
	r.channels[user]++
	r.opened++
	p.host.channels++
	p.host.churn.ChannelsOpened++
	return nil
}

// CloseChannels implements session.Host.
func (r *residents) CloseChannels(s *session.Session, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.places[s]
	less(r.channels, p.user, n)
	r.opened -= n
	p.host.channels -= n
	p.host.churn.ChannelsClosed += uint64(n)
}

// reached says whether n are as many as there may be.
func reached(n int, most *int) bool { return most != nil && *most >= 0 && n >= *most }

// nodeLimit is a limit of the configuration, where 0 is none.
func nodeLimit(n int) *int {
	if n <= 0 {
		return nil
	}
	return &n
}

func less(counts map[string]int, key string, n int) {
	if counts[key] -= n; counts[key] == 0 {
		delete(counts, key)
	}
}

// add takes in a virtual host.
func (r *residents) add(h *host) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hosts[h.Name()] = h
}

// remove lets nobody into a virtual host any more, and returns it with those
// who are there; nil if there is no such virtual host. [residents.forget] follows.
func (r *residents) remove(name string) (*host, []*session.Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.hosts[name]
	if h != nil {
		delete(r.hosts, name)
		r.leaving[h] = true
	}
	return h, r.where(func(p place) bool { return p.host == h })
}

// forget ends the part of a virtual host that was deleted. What it has counted
// stays.
func (r *residents) forget(h *host) {
	t := h.Totals()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.leaving, h)
	r.gone.Messages.Add(&t.Messages)
	r.gone.Quorum.Add(&t.Quorum)
	r.gone.Churn.Add(&t.Churn)
	r.gone.Churn.Add(&h.churn)
	r.gone.ClassicDead.Add(&t.ClassicDead)
	r.gone.QuorumDead.Add(&t.QuorumDead)
	r.gone.Traffic.Add(&h.traffic)
}

// counted returns all virtual hosts, those that are being deleted included, and
// what others have counted that are gone.
func (r *residents) counted() ([]*host, stats.Totals) {
	r.mu.Lock()
	defer r.mu.Unlock()
	hosts := slices.AppendSeq(slices.Collect(maps.Values(r.hosts)), maps.Keys(r.leaving))
	return hosts, r.gone
}

// receivedByAll returns what all sessions have received, those that have ended
// included.
func (r *residents) receivedByAll() stats.Received {
	r.mu.Lock()
	all, open := r.received, slices.Collect(maps.Keys(r.places))
	r.mu.Unlock()
	// One that leaves meanwhile is still among those here.
	for _, s := range open {
		one := s.Received()
		all.Add(&one)
	}
	return all
}

// totals returns what a virtual host comes to.
func (r *residents) totals(h *host) stats.Totals {
	t := h.Totals()
	r.mu.Lock()
	t.Connections, t.Channels, t.Traffic = h.n, h.channels, h.traffic
	t.Churn.Add(&h.churn)
	inside := slices.Collect(maps.Keys(h.inside))
	r.mu.Unlock()
	for _, s := range inside {
		traffic := s.Traffic()
		t.Traffic.Add(&traffic)
	}
	return t
}

// of returns the sessions of a user.
func (r *residents) of(user string) []*session.Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.where(func(p place) bool { return p.user == user })
}

// where returns the sessions in certain places. Called with mu held.
func (r *residents) where(f func(place) bool) []*session.Session {
	var found []*session.Session
	for s, p := range r.places {
		if f(p) {
			found = append(found, s)
		}
	}
	return found
}

// host returns a virtual host, or nil.
func (r *residents) host(name string) *host {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hosts[name]
}

// objects returns how many queues and exchanges there are in all virtual hosts.
func (r *residents) objects() (queues, exchanges int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.hosts {
		q, x := h.Objects()
		queues, exchanges = queues+q, exchanges+x
	}
	return queues, exchanges
}

// all returns all virtual hosts, by name.
func (r *residents) all() []*host {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*host, 0, len(r.hosts))
	for _, name := range slices.Sorted(maps.Keys(r.hosts)) {
		all = append(all, r.hosts[name])
	}
	return all
}

package shovel

import (
	"cmp"
	"errors"
	"net"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/parameter"
	"github.com/lepusmq/lepus/broker/stats"
)

// Component is the component of the parameters that are shovels.
const Component = "shovel"

// ErrNoShovel is a shovel that there is not.
var ErrNoShovel = errors.New("no such shovel")

// Host is what shovels need of the broker that runs them. Its methods may be
// called from any goroutine.
type Host interface {
	// Connect opens a connection to the broker itself. Whoever logs in on it with
	// EXTERNAL is the broker itself and may everything in its virtual host.
	Connect() (net.Conn, error)
	// MayEnter says whether a user may use a virtual host, which may not exist.
	MayEnter(user, vhost string) bool
	// ClusterName is what is named in the headers of messages.
	ClusterName() string
	// Finished clears the parameter of a shovel that has nothing more to do, if still
	// reports true when nothing else can change it.
	Finished(k parameter.Key, still func() bool) error
	// ShovelState tells of a change; the state is empty when the shovel is gone.
	// It does not block.
	ShovelState(vhost, name, state string)
}

// Shovels are the shovels of a broker. All methods may be called from any
// goroutine.
type Shovels struct {
	// immutable
	host Host
	log  *zap.Logger

	running sync.WaitGroup

	// guarded by mu
	mu      sync.Mutex
	workers map[parameter.Key]*worker
	last    map[parameter.Key]*worker // that has not ended, of those that were started
	stopped bool
}

// New returns the shovels of a broker, of which there are none yet. It is the
// component "shovel".
func New(host Host, log *zap.Logger) *Shovels {
	return &Shovels{host: host, log: log, workers: map[parameter.Key]*worker{}, last: map[parameter.Key]*worker{}}
}

// Validate implements parameter.Component. A user needs the right to use the
// virtual hosts in which the broker is to act in its own name.
func (s *Shovels) Validate(user string, p parameter.Parameter) error {
	c, err := newConfig(p)
	if err != nil || user == "" {
		return err
	}
	var faults []string
	for _, a := range slices.Concat(c.source.addresses, c.destination.addresses) {
		if a.own && !s.host.MayEnter(user, a.vhost) {
			faults = append(faults, refusal(user, a.vhost))
		}
	}
	return parameter.Faults(faults)
}

// Set implements parameter.Component: it starts a shovel, in place of the one
// that there was of that name.
func (s *Shovels) Set(p parameter.Parameter) {
	c, err := newConfig(p)
	if err != nil {
		s.log.Error("a shovel cannot start", zap.String("shovel", p.Name), zap.String("vhost", p.VHost), zap.Error(err))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start(p.Key(), c)
}

// start starts a shovel, which begins when the one before it has ended. Called
// with mu held.
func (s *Shovels) start(k parameter.Key, c *config) {
	if s.stopped {
		return
	}
	before := s.last[k]
	if before != nil {
		before.cancel()
	}
	w := newWorker(s.host, s.log, c, before)
	s.workers[k], s.last[k] = w, w
	s.running.Go(func() {
		if w.run() {
			s.finish(k, w)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.last[k] == w {
			delete(s.last, k)
		}
	})
}

// finish clears the parameter of a shovel that has moved what it was to, unless
// there is another of that name by now.
func (s *Shovels) finish(k parameter.Key, w *worker) {
	err := s.host.Finished(k, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.workers[k] == w
	})
	if err != nil {
		w.log.Error("the parameter of a shovel that has finished stays", zap.Error(err))
	}
}

// Clear implements parameter.Component: it ends a shovel and does not wait.
func (s *Shovels) Clear(k parameter.Key) {
	s.mu.Lock()
	w := s.workers[k]
	delete(s.workers, k)
	s.mu.Unlock()
	if w != nil {
		w.cancel()
		s.host.ShovelState(k.VHost, k.Name, "")
	}
}

// Restart has a shovel begin again, as if it had just been set. Error:
// ErrNoShovel.
func (s *Shovels) Restart(vhost, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := parameter.Key{Component: Component, VHost: vhost, Name: name}
	w := s.workers[k]
	if w == nil {
		return ErrNoShovel
	}
	s.start(k, w.cfg)
	return nil
}

// List returns the shovels of a virtual host, or of all if that is empty, sorted.
func (s *Shovels) List(vhost string) []stats.Shovel {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []stats.Shovel{}
	for k, w := range s.workers {
		if vhost == "" || k.VHost == vhost {
			all = append(all, w.progress.get())
		}
	}
	slices.SortFunc(all, func(a, b stats.Shovel) int {
		return cmp.Or(cmp.Compare(a.VHost, b.VHost), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// Stop ends all shovels and waits for them. None starts any more.
func (s *Shovels) Stop() {
	s.mu.Lock()
	s.stopped = true
	for _, w := range s.workers {
		w.cancel()
	}
	s.mu.Unlock()
	s.running.Wait()
}

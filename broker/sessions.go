package broker

import (
	"maps"
	"net"
	"slices"
	"sync"

	"github.com/lepusmq/lepus/broker/session"
)

// sessions are the connections being served. Its methods may be called from
// any goroutine.
type sessions struct {
	// running counts the goroutines that serve a session.
	running sync.WaitGroup

	// guarded by mu
	mu      sync.Mutex
	open    map[*session.Session]net.Conn
	refused bool
	drained bool // until revive, only the broker's own get in
}

// add takes a session in, and says whether it did: not after refuse, and not after
// drain unless it is the broker's own.
func (s *sessions) add(one *session.Session, conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused || s.drained && !one.Own() {
		return false
	}
	if s.open == nil {
		s.open = make(map[*session.Session]net.Conn)
	}
	s.open[one] = conn
	s.running.Add(1)
	return true
}

// remove is called once for each session that was added, when it has ended.
func (s *sessions) remove(one *session.Session) {
	s.mu.Lock()
	delete(s.open, one)
	s.mu.Unlock()
	s.running.Done()
}

// refuse lets no further session in.
func (s *sessions) refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = true
}

// drain lets no session of a client in until revive, and returns those that are.
func (s *sessions) drain() []*session.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drained = true
	return slices.DeleteFunc(slices.Collect(maps.Keys(s.open)), (*session.Session).Own)
}

func (s *sessions) revive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drained = false
}

func (s *sessions) isDrained() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drained
}

func (s *sessions) all() []*session.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.open))
}

// ended is closed when every session that was added has ended; call it after
// refuse.
func (s *sessions) ended() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.running.Wait()
	}()
	return done
}

// cutOff closes the sockets of some sessions, if they have not ended.
func (s *sessions) cutOff(some []*session.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range some {
		if conn := s.open[one]; conn != nil {
			_ = conn.Close() // as in cut
		}
	}
}

// cut closes the sockets of the sessions that are left.
func (s *sessions) cut() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.open {
		// The session sees its reads and writes fail and ends itself.
		_ = conn.Close()
	}
	return len(s.open)
}

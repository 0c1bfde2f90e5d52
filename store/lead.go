package store

import "time"

// slowSync is how long a sync may take for somebody to wait for it who has a
// socket to read. With a slower disk the way to the committer and back is not
// worth saving.
const slowSync = time.Millisecond

// Lead has the caller commit what it gives to the store in f.
func (s *durable) Lead(f func(led bool)) {
	led := s.lead()
	f(led)
	if led {
		// An error has failed the store, which all learn from it.
		_ = s.commitInRole(nil, false)
		s.follow()
	}
}

// follow gives the role back. What came since the commit is the committer's.
func (s *durable) follow() {
	s.mu.Lock()
	s.led = false
	wake := s.woken
	s.mu.Unlock()
	s.role.Unlock()
	s.wakeIf(wake)
}

// slow says that the last sync took long.
func (s *durable) slow() bool { return time.Duration(s.syncTime.Load()) >= slowSync }

// lead takes the role, if it is free and the committer has not been told to
// take it, and keeps the committer from being told what the caller is about to
// commit itself.
func (s *durable) lead() bool {
	if s.slow() || !s.role.TryLock() {
		return false
	}
	s.mu.Lock()
	s.led = s.err == nil && !s.woken
	led := s.led
	s.mu.Unlock()
	if !led {
		s.role.Unlock()
	}
	return led
}

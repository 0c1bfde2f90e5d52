package store

import "time"

// After a sync that took long, the committer waits for a gatherShare of that
// time, at most gatherMost, for as many messages and definitions as it has just
// confirmed and as came meanwhile: those who were confirmed are about to publish or
// declare again. Otherwise they would wait for the sync of whoever comes first, then
// for their own, and so would he the next time: two syncs for each message instead of
// one and a bit.
const (
	gatherShare = 2
	gatherMost  = 5 * time.Millisecond
)

// gathering is what the committer waits for before the next round. It is
// guarded by the store's mu.
type gathering struct {
	awaited  int       // messages and definitions pending for which somebody waits
	expected int       // how many there will be soon; 0 if that is not known
	until    time.Time // how long it is worth waiting for them
}

// await counts messages or definitions for which somebody waits. Called with mu held.
func (s *durable) await(n int) {
	g := &s.gathering
	g.awaited += n
	if g.expected > 0 && g.awaited >= g.expected {
		g.expected = 0
		select {
		case s.gathered <- struct{}{}:
		default:
		}
	}
}

// expect is called when a sync has ended that took so long, before so many
// messages and definitions are confirmed.
func (s *durable) expect(confirmed int, now time.Time, took time.Duration) {
	s.syncTime.Store(int64(took))
	if took < slowSync {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.gathered: // of an earlier time
	default:
	}
	g := &s.gathering
	g.expected = 0
	if confirmed > 0 {
		g.expected = g.awaited + confirmed
		g.until = now.Add(min(took/gatherShare, gatherMost))
	}
}

// gather waits for what is expected. It belongs to the committer's goroutine.
func (s *durable) gather() {
	s.mu.Lock()
	g := s.gathering
	s.mu.Unlock()
	if g.expected == 0 {
		return
	}
	left := time.Until(g.until)
	if left <= 0 {
		return
	}
	enough := time.NewTimer(left)
	defer enough.Stop()
	select {
	case <-s.gathered:
	case <-enough.C:
	case <-s.quit:
	}
}

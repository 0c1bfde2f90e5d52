package session

import "time"

const (
	// A reader looks at so many reads together whether its peer floods it: whether
	// they came at floodRate a second or faster, brought floodBytes each at most, and
	// floodFrames at least. A peer that waits for answers has the frames of one message
	// in each, and one that gathers what it writes fills the buffer.
	floodReads  = 256
	floodRate   = 15_000
	floodBytes  = 16 << 10
	floodFrames = 5
	// floodPause is how long a reader that is flooded stays away. What is written
	// meanwhile TCP joins, once so much is on its way that it waits for acks, and goes
	// on doing so for a while. It costs the reader little to take, and the peer
	// little to write.
	floodPause = time.Millisecond
	// maxFloodReluctance is how many looks at a flood in a row go by without a pause
	// after pauses in which, or after which, the peer did not write more for them.
	maxFloodReluctance = 63
)

// watchFlood is called by the reader after each read.
func (s *Session) watchFlood() {
	s.flood.reads++
	if s.flood.reads%floodReads != 0 {
		return
	}
	s.work.Lock()
	all := s.received
	s.work.Unlock()
	flood, pause := s.flood.look(all, time.Now())
	if flood {
		s.cfg.Limits.floods.see()
	}
	if pause {
		s.pause(floodPause)
	}
}

// pause keeps the reader from reading for a while, or until the session ends.
func (s *Session) pause(d time.Duration) {
	s.stop()
	select {
	case <-time.After(d):
	case <-s.closed:
	}
	s.goOn()
}

// floodWatch is what a reader knows of its peer: whether it floods, and whether it
// pays to let it. The zero floodWatch has not looked yet.
type floodWatch struct {
	reads int

	then received // when it looked last
	at   time.Time

	paused bool    // since then
	before float64 // bytes a second, before that
	doubt
}

// look reports, of the last floodReads reads, whether they were a flood, and whether
// the reader is to pause now.
func (w *floodWatch) look(all received, now time.Time) (flood, pause bool) {
	bytes, frames, took := all.bytes-w.then.bytes, all.frames-w.then.frames, now.Sub(w.at)
	w.then, w.at = all, now
	rate := float64(bytes) / took.Seconds()
	if w.paused {
		w.paused = false
		w.judge(rate >= w.before, maxFloodReluctance)
	}
	if took > floodReads*time.Second/floodRate || bytes > floodReads*floodBytes || frames < floodReads*floodFrames {
		return false, false
	}
	if w.skips() {
		return true, false
	}
	w.paused, w.before = true, rate
	return true, true
}

package store

import (
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lepusmq/lepus/store/log"
)

const (
	// lazyDelay is how long what nobody waits for may wait for a commit that
	// takes it along.
	lazyDelay = 2 * time.Millisecond
	// writeSoon is the backlog that is written though nobody waits for it.
	writeSoon = 1 << 20
	// Pending entries have a buffer for at least minEntries. Those that are
	// kept for use again have together no more than spareEntries.
	minEntries   = 8
	spareEntries = 1 << 16
)

// durable is the store on disk.
type durable struct {
	// immutable
	opt    Options
	lock   io.Closer
	log    *log.Log
	kv     kv
	index  *index
	volume volume
	// compactor is Badger, nil in tests that have a map in its place.
	compactor  *badgerKV
	compacting atomic.Bool // it is being compacted
	clean      bool
	opened     []Definition

	lastID  atomic.Uint64
	backlog atomic.Int64 // bytes that wait for the committer or are with it
	untold  atomic.Int64 // bytes that are kept, while a queue that waits for it does not know
	// logEnd is how far the log has come, and tailFrom where the last checkpoint was.
	logEnd, tailFrom atomic.Int64

	// syncTime is how long the last sync took, a time.Duration.
	syncTime atomic.Int64

	// readers are lent to those who load, shared is what they share; loaded is
	// the queue that was loaded from last.
	readers readers
	shared  log.Windows
	loaded  atomic.Uint64
	// wakeup has room for one: there is something to commit.
	wakeup chan struct{}
	// gathered has room for one: as many messages wait as were expected.
	gathered chan struct{}
	// tell has room for one: due is not empty any more, or there is much to tell.
	tell chan struct{}
	// quit ends the goroutines, which workers counts.
	quit    chan struct{}
	workers sync.WaitGroup

	mu       sync.Mutex
	room     *sync.Cond        // on mu: the backlog has shrunk, or the store has failed
	waiters  int               // guarded by mu: who waits for room
	queues   map[uint64]*queue // guarded by mu
	touched  []*queue          // guarded by mu: queues with something to commit
	groups   []*Group          // guarded by mu: groups that are whole
	defines  []definitions     // guarded by mu
	woken    bool              // guarded by mu: the committer was told
	lazy     *time.Timer       // guarded by mu: when it will be told
	lazySet  bool              // guarded by mu
	closing  bool              // guarded by mu
	due      []func()          // guarded by mu: tell what is kept
	err      error             // guarded by mu: why nothing is accepted any more
	buffers  [][]entry         // guarded by mu: for use again
	spares   int               // guarded by mu: how many entries they have room for
	reported bool              // guarded by mu: OnFail was called
	led      bool              // guarded by mu: somebody leads, and will tell the committer

	// guarded by mu: what the committer waits for
	gathering gathering

	// role is the committer's: who holds it may commit. round is its.
	role  sync.Mutex
	round round

	checkpoints checkpointer
	cleaner     cleaner
	guard       diskGuard
}

// definitions is what one call of Define asks for.
type definitions struct {
	changes []Definition
	done    func()
}

// NewID returns an identifier never used before.
func (s *durable) NewID() uint64 { return s.lastID.Add(1) }

// raise makes n at least as high as an id that came from somewhere else.
func raise(n *atomic.Uint64, id uint64) {
	for {
		old := n.Load()
		if id <= old || n.CompareAndSwap(old, id) {
			return
		}
	}
}

// Clean says whether the store was closed in order the last time.
func (s *durable) Clean() bool { return s.clean }

// Definitions returns what was defined when the store was opened.
func (s *durable) Definitions() []Definition { return s.opened }

// Define records changes of definitions.
func (s *durable) Define(changes []Definition, done func()) {
	copied := make([]Definition, len(changes))
	copy(copied, changes)
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	for i := range copied {
		raise(&s.lastID, copied[i].ID)
		// What is still given to the part of a queue that ends is written
		// behind the end, confirmed, and ignored.
		if c := &copied[i]; c.Kind == KindQueue && c.Deleted {
			delete(s.queues, c.ID)
		}
	}
	s.defines = append(s.defines, definitions{changes: copied, done: done})
	if done != nil {
		s.await(1)
	}
	wake := s.stir(true)
	s.mu.Unlock()
	s.wakeIf(wake)
}

// Queue returns the part of the store that belongs to a queue.
func (s *durable) Queue(id uint64) Queue {
	next := s.index.nextSeq(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[id]
	if q == nil {
		q = &queue{store: s, id: id, next: next}
		q.kept.Store(next - 1)
		s.queues[id] = q
	}
	return q
}

// NewGroup starts a commit group.
func (s *durable) NewGroup(parts int, whole, done func()) *Group {
	return newGroup(parts, whole, done, s.takeGroup)
}

// takeGroup takes a group that is whole.
func (s *durable) takeGroup(g *Group) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.groups = append(s.groups, g)
	wake := s.stir(true)
	s.mu.Unlock()
	s.wakeIf(wake)
	g.isWhole()
}

// Backlog is how many bytes of messages wait to be written.
func (s *durable) Backlog() int64 {
	n := s.backlog.Load() + s.untold.Load()
	// As much log behind the last checkpoint slows publishers.
	if s.tail() > 2*s.checkpoints.most || s.index.unsavedSeen.Load() > crowdMost {
		n += MaxBacklog
	}
	return n
}

// tail is how many bytes of log lie behind the last checkpoint.
func (s *durable) tail() int64 { return s.logEnd.Load() - s.tailFrom.Load() }

// Throttle waits until the backlog is small enough.
func (s *durable) Throttle() {
	if s.Backlog() < MaxBacklog {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiters++
	for s.err == nil && s.Backlog() >= MaxBacklog {
		s.room.Wait()
	}
	s.waiters--
}

// makeRoom takes bytes off the backlog and lets publishers go on.
func (s *durable) makeRoom(bytes int64) {
	s.mu.Lock()
	s.shrink(bytes)
	s.mu.Unlock()
}

// shrink is makeRoom with mu held.
func (s *durable) shrink(bytes int64) {
	s.backlog.Add(-bytes)
	if s.waiters > 0 {
		s.room.Broadcast()
	}
}

// stir has the committer told, now or soon. Called with mu held; if it returns
// true the caller calls wakeIf without.
func (s *durable) stir(now bool) (wake bool) {
	switch {
	case s.woken:
		return false
	case now:
		s.woken = true
		return !s.led
	case !s.lazySet:
		s.lazySet = true
		s.lazy.Reset(lazyDelay)
	}
	return false
}

// wakeIf tells the committer.
func (s *durable) wakeIf(wake bool) {
	if !wake {
		return
	}
	select {
	case s.wakeup <- struct{}{}:
	default:
	}
}

// wakeLazy is called by the timer.
func (s *durable) wakeLazy() {
	s.mu.Lock()
	s.lazySet = false
	wake := s.stir(true)
	s.mu.Unlock()
	s.wakeIf(wake)
}

// spare returns a buffer for pending entries. Called with mu held.
func (s *durable) spare(n int) []entry {
	if last := len(s.buffers) - 1; last >= 0 {
		b := s.buffers[last]
		s.buffers[last] = nil
		s.buffers = s.buffers[:last]
		s.spares -= cap(b)
		return b
	}
	return make([]entry, 0, max(n, minEntries))
}

// keepSpare takes back a buffer whose entries hold nothing. Called with mu
// held.
func (s *durable) keepSpare(b []entry) {
	if cap(b) > 0 && s.spares+cap(b) <= spareEntries {
		s.buffers = append(s.buffers, b[:0])
		s.spares += cap(b)
	}
}

// dropSpares gives up the buffers kept for use again: the store is idle.
func (s *durable) dropSpares() {
	s.mu.Lock()
	s.buffers, s.spares = nil, 0
	s.mu.Unlock()
}

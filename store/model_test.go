package store

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/lepusmq/lepus/store/vfs"
)

var (
	historyCount = flag.Int("histories", 1500, "how many random histories to run")
	firstHistory = flag.Uint64("history", 0, "the number before that of the first")
)

// TestHistories runs random histories (publish, fan-out, groups, settle,
// purge, count, commit, checkpoint, move, define, drop, close, kill, power
// cut, crash in the midst of a step) on the real store over a failing file
// system, and holds what is found after each start against what was promised.
func TestHistories(t *testing.T) {
	histories := *historyCount
	if testing.Short() || raceEnabled {
		histories /= 8
	}
	workers := runtime.GOMAXPROCS(0)
	var next, pages atomic.Int64
	t.Cleanup(func() {
		if n := pages.Load(); n < 20*int64(histories) {
			t.Errorf("only %d pages were read", n)
		}
	})
	for w := range workers {
		t.Run(fmt.Sprint("worker", w), func(t *testing.T) {
			t.Parallel()
			for {
				n := next.Add(1)
				if n > int64(histories) {
					return
				}
				seed := *firstHistory + uint64(n)
				h := newHistory(seed)
				if err := h.run(120); err != nil {
					t.Fatalf("%s\nhistory %d: %v", h.trail(), seed, err)
				}
				pages.Add(int64(h.rig.kv.got[keyPage] + h.rig.kv.got[keyQueue]))
			}
		})
	}
}

// history is a run of a store together with what it has promised so far.
type history struct {
	rng   *rand.Rand
	rig   *rig
	store *durable
	slab  Slab
	log   []string

	number  uint64 // of the next message
	publish uint64 // of the next confirm
	waiting map[uint64]*modelMessage
	queues  map[uint64]*modelQueue
	gone    map[uint64]bool // queues whose drop was promised
	fanouts []*modelFanout
	groups  []*modelGroup
	defines []*modelDefine
	moves   []func() error
	lost    error
}

type modelQueue struct {
	id       uint64
	part     Queue
	next     uint64
	defined  bool // promised
	dropped  bool // asked for
	messages map[uint64]*modelMessage
}

// modelMessage is one message in one queue.
type modelMessage struct {
	queue     *modelQueue
	seq       uint64
	number    uint64
	size      int
	handed    bool // Append or Join was called
	held      *modelGroup
	confirmed bool
	settled   bool  // Settle was called
	settling  bool  // in a group that is not done
	written   bool  // the settlement was written
	synced    bool  // and synced
	tally     tally // the last told
	tallies   []tally
	again     bool // found redelivered after an unclean stop
}

type modelFanout struct {
	fanout *Fanout
	m      Message
	left   []*modelMessage
}

type modelGroup struct {
	group       *Group
	parts       []modelPart
	whole, done bool
	all         []modelPart
}

type modelPart struct {
	queue   *modelQueue
	entries []*modelMessage
	bodies  []Enqueue
	settled []*modelMessage
}

type modelDefine struct {
	queue *modelQueue
	done  bool
}

func newHistory(seed uint64) *history {
	h := &history{
		rng: rand.New(rand.NewPCG(seed, 7)), rig: newRig(seed),
		waiting: map[uint64]*modelMessage{}, queues: map[uint64]*modelQueue{}, gone: map[uint64]bool{},
	}
	return h
}

func (h *history) note(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

func (h *history) trail() string {
	s := ""
	for _, l := range h.log[max(0, len(h.log)-60):] {
		s += l + "\n"
	}
	return s
}

// Confirm notes that a publish is safe.
func (h *history) Confirm(first, last uint64) {
	for p := first; p <= last; p++ {
		h.waiting[p].confirmed = true
		delete(h.waiting, p)
	}
}

func (h *history) run(steps int) error {
	defer func() { h.abandon() }()
	if err := h.open(true); err != nil {
		return err
	}
	for range steps {
		if err := h.step(); err != nil {
			return err
		}
	}
	return h.stop()
}

// step does one thing. Errors of the store are only accepted after a crash.
func (h *history) step() error {
	if h.rig.cache == 1 {
		h.store.index.forget()
	}
	switch n := h.rng.IntN(100); {
	case n < 6:
		h.defineQueue()
	case n < 8:
		h.dropQueue()
	case n < 30:
		h.append(h.any())
	case n < 38:
		h.fanout()
	case n < 44:
		h.answer()
	case n < 50:
		h.beginGroup()
	case n < 56:
		h.joinGroup()
	case n < 70:
		h.settle()
	case n < 72:
		h.purge()
	case n < 75:
		h.deliver()
	case n < 84:
		return h.commit()
	case n < 88:
		return h.checkpoint()
	case n < 89:
		return h.saveCrowd()
	case n < 92:
		return h.clean()
	case n < 93:
		h.planMove()
	case n < 95:
		return h.move()
	case n < 97:
		return h.crashIn()
	case n < 98:
		return h.stop()
	default:
		return h.crash("")
	}
	return nil
}

// forget drops every page that may be dropped.
func (x *index) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for len(x.cache.pages) > 0 {
		x.cache.evict()
	}
}

func (h *history) each(fn func(*modelMessage)) {
	for _, q := range h.queues {
		for _, m := range q.messages {
			fn(m)
		}
	}
}

// committed notes what a commit has promised.
func (h *history) committed() {
	synced := h.store.log.Synced() == h.store.log.End()
	h.each(func(m *modelMessage) {
		if m.settled {
			m.written = true
			m.synced = m.synced || synced
		}
	})
	h.groups = slices.DeleteFunc(h.groups, func(g *modelGroup) bool {
		if !g.done {
			return false
		}
		for _, p := range g.all {
			for _, m := range p.entries {
				m.held = nil
				if !m.settled {
					m.confirmed = true // in effect
				}
			}
			for _, m := range p.settled {
				m.settled, m.written, m.synced = true, true, true
			}
		}
		return true
	})
}

func (h *history) commit() error {
	sync := h.rng.IntN(2) == 0
	h.note("commit %v", sync)
	if err := h.store.commit(sync); err != nil {
		return err
	}
	h.committed()
	return h.checkKept()
}

func (h *history) checkpoint() error {
	h.note("checkpoint at %d", h.store.index.applied)
	if err := h.store.checkpoint(); err != nil {
		return err
	}
	return h.store.index.check()
}

// saveCrowd does what the checkpointer does when much has changed.
func (h *history) saveCrowd() error {
	if !h.store.index.crowded.Load() {
		return nil
	}
	h.note("write large queues at %d", h.store.index.applied)
	if err := h.store.saveCrowd(); err != nil {
		return err
	}
	return h.store.index.check()
}

// clean moves what is live out of segments that are mostly dead.
func (h *history) clean() error {
	h.note("clean below %d", h.store.checkpoints.g)
	end := h.store.log.End()
	if _, err := h.store.cleanUp(); err != nil {
		return err
	}
	if h.store.log.End() != end {
		h.committed()
	}
	if h.lost != nil {
		return h.lost
	}
	return h.store.index.check()
}

// crashIn lets the store crash in the midst of something.
func (h *history) crashIn() error {
	n := 1 + h.rng.IntN(12)
	h.note("crash at step %d", n)
	h.rig.fs.CrashAt(n)
	var err error
	for range 4 {
		switch h.rng.IntN(4) {
		case 0:
			err = h.store.commit(h.rng.IntN(2) == 0)
			if err == nil {
				h.committed()
			}
		case 1:
			err = h.store.checkpoint()
		case 2:
			err = h.store.saveCrowd()
		default:
			err = h.clean()
		}
		if err != nil {
			break
		}
	}
	if err != nil && !errors.Is(err, vfs.ErrCrash) {
		return err
	}
	return h.crash("after that")
}

// crash ends the process, perhaps several times, and starts again.
func (h *history) crash(why string) error {
	h.rig.fs.Crash()
	h.abandon()
	power := h.rng.IntN(2) == 0
	if power {
		loss := vfs.Loss(h.rng.IntN(2))
		h.note("power cut %d %s", loss, why)
		h.rig.fs.PowerCut(loss)
	} else {
		h.note("kill %s", why)
		h.rig.fs.Kill()
	}
	if err := h.open(power); err != nil {
		return err
	}
	if h.rng.IntN(3) == 0 {
		h.note("power cut at once")
		h.rig.fs.Crash()
		h.abandon()
		h.rig.fs.PowerCut(vfs.LoseAll)
		return h.open(true)
	}
	return nil
}

// abandon drops a store whose file system has crashed.
func (h *history) abandon() {
	if h.store != nil {
		h.store.log.Close()
	}
}

// stop closes the store in order and opens it again.
func (h *history) stop() error {
	h.note("close")
	for _, g := range h.groups {
		for len(g.parts) > 0 {
			h.joinOne(g)
		}
	}
	for _, f := range h.fanouts {
		for len(f.left) > 0 {
			h.answerOne(f, 0)
		}
	}
	h.fanouts = nil
	if err := h.store.Close(); err != nil {
		return err
	}
	h.committedAtClose()
	if h.rng.IntN(2) == 0 {
		h.rig.fs.PowerCut(vfs.LoseAll)
	}
	if err := h.open(false); err != nil {
		return err
	}
	if !h.store.Clean() {
		return errors.New("closed in order, but not clean")
	}
	return nil
}

func (h *history) committedAtClose() {
	h.each(func(m *modelMessage) {
		if m.settled {
			m.written, m.synced = true, true
		}
	})
	for _, g := range h.groups {
		g.done = true
	}
	h.committed()
}

package store

import (
	"errors"
	"flag"
	"fmt"
	"maps"
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
	var next atomic.Int64
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
	settled   bool   // Settle was called
	settling  bool   // in a group that is not done
	written   bool   // the settlement was written
	synced    bool   // and synced
	count     uint32 // the last told
	counts    []uint32
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
	drop  bool
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
	case n < 90:
		return h.checkpoint()
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

// any returns a queue that can be used, or nil.
func (h *history) any() *modelQueue {
	ids := slices.Sorted(maps.Keys(h.queues))
	for range 5 {
		if len(ids) == 0 {
			return nil
		}
		if q := h.queues[ids[h.rng.IntN(len(ids))]]; !q.dropped {
			return q
		}
	}
	return nil
}

func (h *history) defineQueue() {
	if len(h.queues) > 6 {
		return
	}
	q := &modelQueue{id: h.store.NewID(), messages: map[uint64]*modelMessage{}}
	if h.gone[q.id] || h.queues[q.id] != nil {
		panic("an id is used again")
	}
	d := &modelDefine{queue: q}
	h.note("define %d", q.id)
	h.store.Define([]Definition{{Kind: KindQueue, ID: q.id, Value: fmt.Append(nil, "queue ", q.id)}},
		func() { d.done, q.defined = true, true })
	q.part = h.store.Queue(q.id)
	q.next = q.part.NextSeq()
	h.queues[q.id] = q
	h.defines = append(h.defines, d)
}

func (h *history) dropQueue() {
	q := h.any()
	if q == nil {
		return
	}
	h.note("drop %d", q.id)
	q.dropped = true
	h.store.Define([]Definition{{Kind: KindQueue, ID: q.id, Deleted: true}}, func() { h.gone[q.id] = true })
}

// message makes a message for a queue.
func (h *history) message(q *modelQueue) *modelMessage {
	h.number++
	m := &modelMessage{queue: q, seq: q.next, number: h.number, size: h.rng.IntN(60)}
	if h.rng.IntN(30) == 0 {
		m.size = 5000 + h.rng.IntN(40000)
	}
	q.next++
	if h.rng.IntN(5) == 0 {
		q.next += uint64(h.rng.IntN(80))
	}
	q.messages[m.seq] = m
	return m
}

func (h *history) enqueue(m *modelMessage, body Message) Enqueue {
	m.handed = true
	e := Enqueue{Seq: m.seq, Message: body}
	if h.rng.IntN(4) > 0 {
		h.publish++
		h.waiting[h.publish] = m
		e.Confirm, e.Publish = h, h.publish
	}
	return e
}

func (h *history) append(q *modelQueue) {
	if q == nil {
		return
	}
	var batch []Enqueue
	for range 1 + h.rng.IntN(5) {
		m := h.message(q)
		batch = append(batch, h.enqueue(m, message(&h.slab, m.number, m.size)))
	}
	h.note("append %d/%d-%d", q.id, batch[0].Seq, batch[len(batch)-1].Seq)
	q.part.Append(batch)
	for i := range batch {
		batch[i].Release()
	}
}

// some returns up to n different queues.
func (h *history) some(n int) []*modelQueue {
	var list []*modelQueue
	for range n {
		if q := h.any(); q != nil && !slices.Contains(list, q) {
			list = append(list, q)
		}
	}
	return list
}

func (h *history) fanout() {
	queues := h.some(3)
	if len(queues) < 2 {
		return
	}
	f := &modelFanout{fanout: NewFanout(len(queues))}
	for i, q := range queues {
		m := h.message(q)
		if i > 0 {
			m.number, m.size = f.left[0].number, f.left[0].size
		}
		f.left = append(f.left, m)
		// No seq of this queue may be handed in before this one.
	}
	f.m = message(&h.slab, f.left[0].number, f.left[0].size)
	h.note("fanout to %d queues", len(queues))
	h.fanouts = append(h.fanouts, f)
	// Each queue answers at once, but for one that may be late.
	late := h.rng.IntN(len(queues) + 1)
	for i := len(queues) - 1; i >= 0; i-- {
		if i != late {
			h.answerOne(f, i)
		}
	}
	h.order(f)
}

// order sees to it that a queue that has not answered takes nothing else
// before: it is what a strand does.
func (h *history) order(f *modelFanout) {
	for len(f.left) > 0 && h.rng.IntN(2) == 0 {
		h.answerOne(f, 0)
	}
}

func (h *history) answerOne(f *modelFanout, i int) {
	m := f.left[i]
	f.left = slices.Delete(f.left, i, i+1)
	if m.queue.next != m.seq+1 {
		// Something else came meanwhile: the message gets a later number.
		delete(m.queue.messages, m.seq)
		m.seq = m.queue.next
		m.queue.next++
		m.queue.messages[m.seq] = m
	}
	e := h.enqueue(m, f.m)
	e.Fanout = f.fanout
	h.note("answer %d/%d", m.queue.id, m.seq)
	m.queue.part.Append([]Enqueue{e})
	if len(f.left) == 0 {
		f.m.Release()
	}
}

func (h *history) answer() {
	for i, f := range h.fanouts {
		if len(f.left) > 0 {
			h.answerOne(f, h.rng.IntN(len(f.left)))
			if len(f.left) == 0 {
				h.fanouts = slices.Delete(h.fanouts, i, i+1)
			}
			return
		}
	}
}

// settleable returns a message that its queue may settle.
func (h *history) settleable(q *modelQueue) *modelMessage {
	if q == nil {
		return nil
	}
	seqs := slices.Sorted(maps.Keys(q.messages))
	for _, seq := range seqs {
		m := q.messages[seq]
		if m.handed && !m.settled && !m.settling && (m.held == nil || m.held.whole) && h.rng.IntN(3) > 0 {
			return m
		}
	}
	return nil
}

func (h *history) settle() {
	q := h.any()
	var seqs []uint64
	for range 1 + h.rng.IntN(6) {
		if m := h.settleable(q); m != nil {
			m.settled = true
			seqs = append(seqs, m.seq)
		}
	}
	if len(seqs) > 0 {
		h.note("settle %d/%v", q.id, seqs)
		q.part.Settle(seqs)
	}
}

func (h *history) purge() {
	q := h.any()
	if q == nil {
		return
	}
	var except []uint64
	for _, seq := range slices.Sorted(maps.Keys(q.messages)) {
		m := q.messages[seq]
		if !m.handed || m.settled {
			continue
		}
		if m.settling || m.held != nil && !m.held.whole || h.rng.IntN(3) == 0 {
			except = append(except, seq)
		} else {
			m.settled = true
		}
	}
	h.note("purge %d below %d but %v", q.id, q.next, except)
	q.part.SettleBelow(q.next, except)
	q.next++ // what has not been handed in gets a later number
}

func (h *history) deliver() {
	q := h.any()
	if m := h.settleable(q); m != nil {
		m.count++
		m.counts = append(m.counts, m.count)
		h.note("deliver %d/%d %d", q.id, m.seq, m.count)
		q.part.Delivered(m.seq, m.count)
	}
}

func (h *history) beginGroup() {
	g := &modelGroup{}
	queues := h.some(3)
	if len(queues) == 0 {
		return
	}
	var f *Fanout
	var shared Message
	var number uint64
	if len(queues) > 1 && h.rng.IntN(3) == 0 {
		f = NewFanout(len(queues))
		h.number++
		number = h.number
		shared = message(&h.slab, h.number, 30)
	}
	for _, q := range queues {
		p := modelPart{queue: q}
		if f != nil {
			m := &modelMessage{queue: q, number: number, size: 30, held: g}
			p.entries = append(p.entries, m)
			e := Enqueue{Message: shared, Fanout: f}
			p.bodies = append(p.bodies, e)
		}
		for range h.rng.IntN(4) {
			h.number++
			m := &modelMessage{queue: q, number: h.number, size: h.rng.IntN(3000), held: g}
			p.entries = append(p.entries, m)
			p.bodies = append(p.bodies, Enqueue{Message: message(&h.slab, m.number, m.size)})
		}
		for range h.rng.IntN(3) {
			if m := h.settleable(q); m != nil {
				m.settling = true
				p.settled = append(p.settled, m)
			}
		}
		g.parts = append(g.parts, p)
	}
	g.all = slices.Clone(g.parts)
	h.note("group of %d parts", len(g.parts))
	g.group = h.store.NewGroup(len(g.parts), func() { g.whole = true }, func() { g.done = true })
	h.groups = append(h.groups, g)
	if h.rng.IntN(2) == 0 {
		for len(g.parts) > 0 {
			h.joinOne(g)
		}
	}
}

func (h *history) joinOne(g *modelGroup) {
	p := g.parts[0]
	g.parts = g.parts[1:]
	var seqs []uint64
	for i, m := range p.entries {
		m.seq = p.queue.next
		p.queue.next++
		p.queue.messages[m.seq] = m
		e := h.enqueue(m, p.bodies[i].Message)
		p.bodies[i].Seq, p.bodies[i].Confirm, p.bodies[i].Publish = e.Seq, e.Confirm, e.Publish
	}
	for _, m := range p.settled {
		seqs = append(seqs, m.seq)
	}
	h.note("join %d: %d messages, settled %v", p.queue.id, len(p.entries), seqs)
	p.queue.part.Join(g.group, p.bodies, seqs)
	if len(g.parts) == 0 && !g.whole {
		panic("all have joined, and the group is not whole")
	}
}

func (h *history) joinGroup() {
	for _, g := range h.groups {
		if len(g.parts) > 0 {
			h.joinOne(g)
			return
		}
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
	return nil
}

func (h *history) checkpoint() error {
	h.note("checkpoint at %d", h.store.index.applied)
	if err := h.store.checkpoint(); err != nil {
		return err
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
		if h.rng.IntN(2) == 0 {
			err = h.store.commit(h.rng.IntN(2) == 0)
			if err == nil {
				h.committed()
			}
		} else {
			err = h.store.checkpoint()
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

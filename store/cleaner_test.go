package store

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// step fails the test if a step of a store failed.
func step(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// cleanScene is a store whose segments are mostly dead: of every eight messages
// one is left. Some are in two queues, some in a group, some are larger than a
// record.
func cleanScene(tb testing.TB, r *rig) *durable {
	tb.Helper()
	s := openStill(tb, r)
	s.cleaner = cleaner{least: 0, turn: 3000}
	s.opt.OnLoss = func(err error) { tb.Error(err) }
	s.Define([]Definition{{Kind: KindQueue, ID: 1}, {Kind: KindQueue, ID: 2}}, nil)
	step(tb, s.commit(true))
	var slab Slab
	a, b := s.Queue(1), s.Queue(2)
	for i := range uint64(12) {
		for seq := 8*i + 1; seq <= 8*i+8; seq++ {
			size := 1500
			if seq%24 == 16 {
				size = 40_000
			}
			m := message(&slab, seq, size)
			m.Expires, m.Priority = int64(seq)*1000, uint8(seq%10)
			m.Note(markOf(seq))
			f := NewFanout(2)
			e := []Enqueue{{Seq: seq, Message: m, Fanout: f}}
			other := []Enqueue{{Seq: seq, Message: m, Fanout: f}}
			other[0].Expires += int64(seq % 3) // or the same, so that it is written once
			if seq%24 == 8 {
				g := s.NewGroup(2, nil, nil)
				a.Join(g, e, nil)
				b.Join(g, other, nil)
			} else {
				a.Append(e)
				b.Append(other)
			}
			m.Release()
		}
		step(tb, s.commit(true))
	}
	step(tb, s.checkpoint())
	a.Delivered(8, 3, 77)
	for i := range uint64(12) {
		var dead []uint64
		for seq := 8*i + 1; seq < 8*i+8; seq++ {
			dead = append(dead, seq)
		}
		a.Settle(dead)
		b.Settle(dead)
		if i%2 == 0 {
			b.Settle([]uint64{8*i + 8})
		}
	}
	step(tb, s.commit(true))
	return s
}

// cleanFound is what must be left of the scene. again says that all of it is
// redelivered.
func cleanFound(s *durable, again bool) error {
	if err := s.index.check(); err != nil {
		return err
	}
	for id := uint64(1); id <= 2; id++ {
		var want []uint64
		for i := range uint64(12) {
			if id == 1 || i%2 == 1 {
				want = append(want, 8*i+8)
			}
		}
		list, _ := s.Queue(id).Load([]Range{{1, maxSeq}}, 1<<30)
		if !slices.Equal(seqsOf(list), want) {
			return fmt.Errorf("queue %d has %v", id, seqsOf(list))
		}
		for i := range list {
			m := &list[i]
			var known tally
			if id == 1 && m.Seq == 8 {
				known = tally{3, 77}
			}
			expires := int64(m.Seq) * 1000
			if id == 2 {
				expires += int64(m.Seq % 3)
			}
			if bodyNumber(&m.Message) != m.Seq || m.Expires != expires || m.Priority != uint8(m.Seq%10) ||
				m.Has(Blind) != (markOf(m.Seq) == Blind) || m.Has(Died) != (markOf(m.Seq) == Died) || len(m.Route()) != 6 ||
				(tally{m.Count, m.Due}) != known || m.Redelivered != (again || known.count > 0) || (len(m.Body()) >= 40_000) != (m.Seq%24 == 16) {
				return fmt.Errorf("queue %d has %d with expiry %d, priority %d, count %d, due %d, redelivered %v, %d bytes",
					id, m.Seq, m.Expires, m.Priority, m.Count, m.Due, m.Redelivered, len(m.Body()))
			}
			m.Release()
		}
	}
	return nil
}

// cleanAll makes checkpoints and cleans until there is nothing to do.
func cleanAll(s *durable) error {
	for range 100 {
		if err := s.checkpoint(); err != nil {
			return err
		}
		if more, err := s.cleanUp(); err != nil || !more {
			return err
		}
	}
	return errors.New("cleaning never ends")
}

// TestClean cleans everything: what is left takes little more room than it
// needs, and is found unchanged, also by the next start, also if all of it was
// to be redelivered.
func TestClean(t *testing.T) {
	for _, again := range []bool{false, true} {
		r := newRig(1)
		s := cleanScene(t, r)
		if again {
			r.fs.Crash()
			s.log.Close()
			r.fs.PowerCut(vfs.LoseAll)
			s = openStill(t, r)
			s.cleaner = cleaner{least: 0, turn: 3000}
			step(t, s.checkpoint())
		}
		before := len(s.log.Segments())
		step(t, cleanAll(s))
		if err := cleanFound(s, again); err != nil {
			t.Error(err)
		}
		live, room := int64(0), int64(0)
		for _, g := range s.index.segments.list {
			live += g.sum.bytes
			room = int64(g.limit - g.start)
		}
		if n := int64(len(s.log.Segments())); n*room > 3*live/2 {
			t.Errorf("%d segments of %d are left for %d bytes", n, before, live)
		}
		end := s.log.End()
		step(t, cleanAll(s))
		if s.log.End() != end {
			t.Error("what is clean was cleaned again")
		}
		mustClose(t, s)
		s = openStill(t, r)
		if err := cleanFound(s, again); err != nil || !s.Clean() {
			t.Errorf("after a clean stop (%v): %v", s.Clean(), err)
		}
		s.log.Close()
	}
}

// TestCrashAtEveryStepOfCleaning crashes in every change of a file and of
// Badger that cleaning and the checkpoints around it make.
func TestCrashAtEveryStepOfCleaning(t *testing.T) {
	for name, after := range map[string]func(*vfs.Fake){
		"kill":         (*vfs.Fake).Kill,
		"power, all":   func(f *vfs.Fake) { f.PowerCut(vfs.LoseAll) },
		"power, parts": func(f *vfs.Fake) { f.PowerCut(vfs.LoseSome) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := newRig(1)
			s := cleanScene(t, base)
			step(t, s.Close())
			steps := 0
			for n := 1; ; n++ {
				r := base.clone(uint64(n))
				s := openStill(t, r)
				s.cleaner = cleaner{least: 0, turn: 3000}
				r.fs.CrashAt(n)
				err := cleanAll(s)
				if err != nil && !errors.Is(err, vfs.ErrCrash) {
					t.Fatal(err)
				}
				r.fs.Crash()
				s.log.Close()
				after(r.fs)
				for range 2 {
					s = openStill(t, r)
					if err := cleanFound(s, true); err != nil {
						t.Fatalf("step %d: %v", n, err)
					}
					r.fs.Crash()
					s.log.Close()
					r.fs.PowerCut(vfs.LoseAll)
				}
				if err == nil {
					break
				}
				steps++
			}
			if steps < 30 {
				t.Errorf("only %d steps", steps)
			}
		})
	}
}

// TestMoveRevivesNothing settles messages between the moment when a move reads
// them and the moment when it is written, and in the same round.
func TestMoveRevivesNothing(t *testing.T) {
	for _, power := range []bool{false, true} {
		for _, committed := range []bool{false, true} {
			r := newRig(1)
			s := cleanScene(t, r)
			step(t, s.checkpoint())
			m := mover{store: s, loader: loader{store: s}, stands: map[uint64]*queue{}}
			list, _ := s.index.mostlyDead(s.checkpoints.g, 0)
			s.cleaner.turn = 1 << 30
			for i := range list {
				if flaw, err := m.read(list[i].segment); flaw != nil || err != nil {
					t.Fatal(flaw, err)
				}
			}
			if len(m.moves) < 10 {
				t.Fatalf("%d moves", len(m.moves))
			}
			s.Queue(1).SettleBelow(1000, nil)
			s.Queue(2).Settle([]uint64{16})
			if committed {
				step(t, s.commit(true))
			}
			step(t, m.flush())
			step(t, s.index.check())
			for i := range list {
				if flaw, err := m.read(list[i].segment); flaw != nil || err != nil || len(m.moves) != 0 {
					t.Fatalf("%d messages are still where they were, %v, %v", len(m.moves), flaw, err)
				}
			}
			check := func(when string) {
				t.Helper()
				a, b := loadAll(t, s.Queue(1)), loadAll(t, s.Queue(2))
				if len(a) != 0 || !slices.Equal(seqsOf(b), []uint64{32, 48, 64, 80, 96}) {
					t.Errorf("%s: %v, %v", when, seqsOf(a), seqsOf(b))
				}
			}
			check("at once")
			r.fs.Crash()
			s.log.Close()
			if power {
				r.fs.PowerCut(vfs.LoseAll)
			} else {
				r.fs.Kill()
			}
			s = openStill(t, r)
			check("after a start")
			s.log.Close()
		}
	}
}

// TestLoadFollowsMoves reads messages that were moved, and whose segments were
// given back, after the index had said where they are.
func TestLoadFollowsMoves(t *testing.T) {
	s := cleanScene(t, newRig(1))
	s.opt.OnDamage = func(err error) { t.Error(err) }
	runs, _ := s.index.runsOf(1, Range{1, maxSeq}, 1<<30)
	step(t, cleanAll(s))
	if now, _ := s.index.runsOf(1, Range{1, maxSeq}, 1<<30); now[0].pos <= runs[len(runs)-1].pos {
		t.Fatalf("not all of them were moved: from %d to %d", runs[len(runs)-1].pos, now[0].pos)
	}
	l := loader{store: s, queue: s.Queue(1).(*queue), reader: s.log.NewReader(0)}
	defer l.reader.Close()
	for i := range runs {
		l.read(&runs[i])
	}
	if got, want := seqsOf(l.found), seqsOf(loadAll(t, s.Queue(1))); !slices.Equal(got, want) {
		t.Errorf("%d instead of %d", got, want)
	}
	s.log.Close()
}

// TestCleanLeavesDamage reports a segment that cannot be read, once, and
// leaves it alone; what can be read is still there.
func TestCleanLeavesDamage(t *testing.T) {
	r := newRig(1)
	s := cleanScene(t, r)
	var lost []error
	s.opt.OnDamage = func(err error) { lost = append(lost, err) }
	step(t, s.checkpoint())
	list, _ := s.index.mostlyDead(s.checkpoints.g, 0)
	bad := list[0].segment
	var file string
	for _, g := range s.log.Segments() {
		if g.Seq == bad.seq {
			file = g.File
		}
	}
	step(t, r.fs.Corrupt(path.Join(fakeDir, logDir, file), 8192+100, 1))
	step(t, cleanAll(s))
	step(t, cleanAll(s))
	var damage *log.DamageError
	if len(lost) != 1 || !errors.Is(lost[0], ErrDamaged) || !errors.As(lost[0], &damage) || damage.File != file ||
		!strings.Contains(lost[0].Error(), file) || !strings.Contains(lost[0].Error(), fmt.Sprint(bad.start)) {
		t.Errorf("%v", lost)
	}
	step(t, s.index.check())
	if s.index.segments.bySeq(bad.seq) == nil {
		t.Error("a damaged segment was given back")
	}
	list, _ = s.index.mostlyDead(s.checkpoints.g, 0)
	if slices.ContainsFunc(list, func(d deadSegment) bool { return d.segment == bad }) {
		t.Error("a damaged segment would be read again")
	}
	s.log.Close()
}

// TestCleanIsLazy cleans nothing as long as there is little to gain, and no
// more than is worth it.
func TestCleanIsLazy(t *testing.T) {
	s := cleanScene(t, newRig(1))
	step(t, s.checkpoint())
	list, _ := s.index.mostlyDead(s.checkpoints.g, 0)
	dead := int64(0)
	for i := range list {
		dead += list[i].dead
	}
	end := s.log.End()
	s.cleaner.least = dead
	step(t, cleanAll(s))
	if s.log.End() != end {
		t.Error("cleaned for little")
	}
	s.cleaner.least = dead - 1
	step(t, cleanAll(s))
	after, _ := s.index.mostlyDead(s.checkpoints.g, 0)
	if s.log.End() == end || len(after) == 0 || len(after) >= len(list) {
		t.Errorf("%d segments of %d are left to clean", len(after), len(list))
	}
	s.log.Close()
}

// markOf is the mark of a message of these tests; some have none.
func markOf(seq uint64) Mark { return [...]Mark{0, Blind, Died}[seq%3] }

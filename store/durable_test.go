package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lepusmq/lepus/store/vfs"
)

// mustOpen opens a store that the test closes itself.
func mustOpen(tb testing.TB, opt Options) *durable {
	tb.Helper()
	s, err := Open(opt)
	if err != nil {
		tb.Fatal(err)
	}
	return s.(*durable)
}

func mustClose(tb testing.TB, s Store) {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
}

// publish appends messages and waits until they are safe.
func publish(tb testing.TB, q Queue, seqs ...uint64) {
	tb.Helper()
	r := newRecorder()
	var slab Slab
	var batch []Enqueue
	for i, seq := range seqs {
		batch = append(batch, Enqueue{Seq: seq, Message: message(&slab, seq, 20), Confirm: r, Publish: uint64(i)})
	}
	q.Append(batch)
	for i := range batch {
		batch[i].Release()
	}
	slab.Close()
	r.wait(len(seqs))
}

func TestReopen(t *testing.T) {
	opt := Options{Dir: t.TempDir(), SegmentSize: 1 << 20}
	s := mustOpen(t, opt)
	vhost, user := s.NewID(), s.NewID()
	s.Define([]Definition{{Kind: KindVHost, ID: vhost, Value: []byte("/")}, {Kind: KindUser, ID: user}}, nil)
	a, b, gone := s.NewID(), s.NewID(), s.NewID()
	qa, qb, qg := define(t, s, a), define(t, s, b), define(t, s, gone)
	publish(t, qa, 1, 2, 3, 4, 5, 6, 7, 8)
	publish(t, qb, 10)
	publish(t, qg, 1)
	qa.Settle([]uint64{1, 3, 8})
	qa.Delivered(4, 2, 99)
	s.Define([]Definition{
		{Kind: KindQueue, ID: gone, Deleted: true},
		{Kind: KindVHost, ID: vhost, Value: []byte("changed")},
	}, nil)
	mustClose(t, s)

	for round := range 3 {
		s = mustOpen(t, opt)
		if !s.Clean() {
			t.Fatal("not clean")
		}
		var kinds []Kind
		for _, d := range s.Definitions() {
			kinds = append(kinds, d.Kind)
		}
		if !slices.Equal(kinds, []Kind{KindVHost, KindUser, KindQueue, KindQueue}) ||
			string(s.Definitions()[0].Value) != "changed" || s.Definitions()[2].ID != a {
			t.Fatalf("%v", s.Definitions())
		}
		if s.NewID() <= gone {
			t.Error("an id is used again")
		}
		list := loadAll(t, s.Queue(a))
		if !slices.Equal(seqsOf(list), []uint64{2, 4, 5, 6, 7}) {
			t.Fatalf("round %d: %v", round, seqsOf(list))
		}
		for _, m := range list {
			want := message(new(Slab), m.Seq, 20)
			if !bytes.Equal(m.Bytes(), want.Bytes()) || !m.Persistent {
				t.Errorf("%d: %q", m.Seq, m.Bytes())
			}
			if redelivered := m.Seq == 4; m.Redelivered != redelivered || (m.Count == 2 && m.Due == 99) != redelivered {
				t.Errorf("%d: redelivered %v, count %d", m.Seq, m.Redelivered, m.Count)
			}
		}
		if n := s.Queue(a).NextSeq(); n != 9 {
			t.Errorf("next is %d", n)
		}
		if list := loadAll(t, s.Queue(gone)); len(list) != 0 {
			t.Errorf("%d messages of a queue that is gone", len(list))
		}
		mustClose(t, s)
	}
}

// TestKillAndReopen copies the folder of a running store: that is what a kill
// leaves.
func TestKillAndReopen(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: filepath.Join(dir, "a"), SegmentSize: 1 << 20})
	id := s.NewID()
	q := define(t, s, id)
	publish(t, q, 1, 2, 3)
	if err := s.checkpoint(); err != nil {
		t.Fatal(err)
	}
	publish(t, q, 4, 5)
	if err := os.CopyFS(filepath.Join(dir, "b"), os.DirFS(filepath.Join(dir, "a"))); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)

	s = mustOpen(t, Options{Dir: filepath.Join(dir, "b")})
	defer mustClose(t, s)
	if s.Clean() {
		t.Error("clean after a kill")
	}
	list := loadAll(t, s.Queue(id))
	if !slices.Equal(seqsOf(list), []uint64{1, 2, 3, 4, 5}) {
		t.Errorf("%v", seqsOf(list))
	}
	for _, m := range list {
		if !m.Redelivered {
			t.Errorf("%d is not redelivered", m.Seq)
		}
	}
}

// TestCleanStartSearchesNothing counts what a start reads of the log: behind
// the end that a clean stop has named, nothing.
func TestCleanStartSearchesNothing(t *testing.T) {
	r := newRig(1)
	opt := r.options()
	opt.SegmentSize = 4 << 20
	s := mustOpen(t, opt)
	publish(t, define(t, s, s.NewID()), 1, 2, 3)
	mustClose(t, s)
	reads := func() (n int) {
		r.fs.Watch(func(op vfs.Op, name string) error {
			if op == vfs.OpRead && strings.HasSuffix(name, ".seg") {
				n++
			}
			return nil
		})
		s := mustOpen(t, opt)
		r.fs.Watch(nil)
		r.fs.Crash()
		s.Close()
		r.fs.Kill()
		return n
	}
	// Two reads of each file tell what it is.
	files := len(s.log.Segments()) + logReserve + 1
	if clean, killed := reads(), reads(); clean > 2*files || killed < clean+8 {
		t.Errorf("%d reads after a clean stop, %d after a kill", clean, killed)
	}
}

// TestEmptyLeftovers checks the files that Badger leaves when it is killed at
// the wrong moment.
func TestEmptyLeftovers(t *testing.T) {
	dir := t.TempDir()
	mustClose(t, mustOpen(t, Options{Dir: dir, SegmentSize: 1 << 20}))
	for _, name := range []string{"00099.mem", "000099.vlog"} {
		if err := os.WriteFile(filepath.Join(dir, indexDir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, mustOpen(t, Options{Dir: dir}))
}

func TestSecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir, SegmentSize: 1 << 20})
	_, err := Open(Options{Dir: dir})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("the second open: %v", err)
	}
	mustClose(t, s)
	mustClose(t, mustOpen(t, Options{Dir: dir}))
}

func TestFormat(t *testing.T) {
	for text, want := range map[string]error{
		"lepus 1\n": nil, "lepus 2\n": nil, "lepus 3\n": ErrFormat, "other": ErrFormat, "": ErrFormat,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, formatFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(Options{Dir: dir, SegmentSize: 1 << 20})
		if !errors.Is(err, want) {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil {
			mustClose(t, s)
			if b, _ := os.ReadFile(filepath.Join(dir, formatFile)); string(b) != formatText {
				t.Errorf("%q became %q", text, b)
			}
		} else if entries, _ := os.ReadDir(dir); len(entries) != 2 {
			t.Errorf("%q: a folder that was refused has %v", text, entries)
		}
	}
	// A folder with something else in it is not taken.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir}); !errors.Is(err, ErrFormat) {
		t.Errorf("a folder with other files: %v", err)
	}
}

// TestLargeMessages keeps messages larger than a record, over a kill and a
// clean stop, alone, in several queues and in a group.
func TestLargeMessages(t *testing.T) {
	r := newRig(1)
	opt := r.options()
	opt.SegmentSize = 3 << 20
	s := mustOpen(t, opt)
	a, b := s.NewID(), s.NewID()
	qa, qb := define(t, s, a), define(t, s, b)
	var slab Slab
	rec := newRecorder()
	sizes := map[uint64]int{1: 1 << 20, 2: 1<<20 + 1, 3: 5 << 20, 4: 100, 5: 1<<20 - 100, 6: 2<<20 + 7}
	for seq := uint64(1); seq <= 6; seq++ {
		m := message(&slab, seq, sizes[seq])
		f := NewFanout(2)
		e := []Enqueue{{Seq: seq, Message: m, Fanout: f, Confirm: rec, Publish: seq}}
		if seq == 6 {
			g := s.NewGroup(2, nil, nil)
			qa.Join(g, e, nil)
			qb.Join(g, e, nil)
		} else {
			qa.Append(e)
			qb.Append(e)
		}
		m.Release()
	}
	rec.wait(12)
	check := func(s Store, id uint64, want ...uint64) {
		t.Helper()
		list := loadAll(t, s.Queue(id))
		if !slices.Equal(seqsOf(list), want) {
			t.Fatalf("%v instead of %v", seqsOf(list), want)
		}
		for _, m := range list {
			w := message(&slab, m.Seq, sizes[m.Seq])
			if !bytes.Equal(w.Bytes(), m.Bytes()) {
				t.Errorf("%d differs", m.Seq)
			}
		}
	}
	r.fs.Crash()
	s.Close()
	r.fs.PowerCut(vfs.LoseAll)
	s = mustOpen(t, opt)
	check(s, a, 1, 2, 3, 4, 5, 6)
	check(s, b, 1, 2, 3, 4, 5, 6)
	s.Queue(a).Settle([]uint64{3, 6})
	s.Queue(b).Settle([]uint64{1, 2, 3, 4})
	mustClose(t, s)
	s = mustOpen(t, opt)
	check(s, a, 1, 2, 4, 5)
	check(s, b, 5, 6)
	if err := s.index.check(); err != nil {
		t.Error(err)
	}
	s.Queue(a).SettleBelow(10, nil)
	s.Queue(b).SettleBelow(10, nil)
	mustClose(t, s)
	s = mustOpen(t, opt)
	mustClose(t, s)
	s = mustOpen(t, opt)
	defer mustClose(t, s)
	if n := len(s.log.Segments()); n > 2 {
		t.Errorf("%d segments are kept for nothing", n)
	}
}

// TestFailure checks that an error of any write or sync ends the store once
// and for good.
func TestFailure(t *testing.T) {
	for _, op := range []vfs.Op{vfs.OpSync, vfs.OpWrite} {
		r := newRig(1)
		failed := make(chan error, 10)
		opt := r.options()
		opt.OnFail = func(err error) { failed <- err }
		s := mustOpen(t, opt)
		q := define(t, s, s.NewID())
		broken := errors.New("the disk is broken")
		var slab Slab
		m := message(&slab, 1, 10)
		rec := newRecorder()
		r.fs.Watch(func(o vfs.Op, name string) error {
			if o == op && strings.HasSuffix(name, ".seg") {
				return broken
			}
			return nil
		})
		q.Append([]Enqueue{{Seq: 1, Message: m, Confirm: rec, Publish: 1}})
		if err := <-failed; !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
		r.fs.Watch(nil)
		q.Append([]Enqueue{{Seq: 2, Message: m, Confirm: rec, Publish: 2}})
		q.Settle([]uint64{1})
		s.Define([]Definition{{Kind: KindUser, ID: 99}}, func() { t.Error("defined after the failure") })
		s.Throttle()
		if err := s.Close(); !errors.Is(err, broken) {
			t.Errorf("close: %v", err)
		}
		if len(failed) != 0 || rec.total != 0 {
			t.Errorf("%d more failures, %d confirms", len(failed), rec.total)
		}
		r.fs.Kill()
		s = mustOpen(t, opt)
		if s.Clean() {
			t.Error("clean")
		}
		mustClose(t, s)
	}
}

// TestNoGoroutineIsLeft opens and closes stores and counts.
func TestNoGoroutineIsLeft(t *testing.T) {
	opt := Options{Dir: t.TempDir(), SegmentSize: 1 << 20}
	mustClose(t, mustOpen(t, opt))
	before := runtime.NumGoroutine()
	for range 3 {
		s := mustOpen(t, opt)
		publish(t, define(t, s, s.NewID()), 1, 2, 3)
		mustClose(t, s)
	}
	// Badger's last goroutines end just after its Close.
	for range 60_000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		<-time.After(time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

func TestCloseTwice(t *testing.T) {
	s := mustOpen(t, newRig(1).options())
	mustClose(t, s)
	if err := s.Close(); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}

// Definitions of any size go into Badger, whatever comes with them.
func TestLargeDefinitions(t *testing.T) {
	opt := Options{Dir: t.TempDir(), OnFail: func(err error) { t.Error(err) }}
	s := mustOpen(t, opt)
	sizes := []int{60 << 10, 180 << 10, 90 << 10, 195 << 10, 230 << 10, 400 << 10, 1, 3 << 20, 40 << 10}
	var changes []Definition
	for _, n := range sizes {
		changes = append(changes, Definition{Kind: KindParameter, ID: s.NewID(), Value: bytes.Repeat([]byte{byte(n >> 10)}, n)})
	}
	s.Define(changes, nil)
	mustClose(t, s)
	s = mustOpen(t, opt)
	defer mustClose(t, s)
	got := s.Definitions()
	if len(got) != len(changes) {
		t.Fatalf("%d definitions, want %d", len(got), len(changes))
	}
	for i := range got {
		if !bytes.Equal(got[i].Value, changes[i].Value) {
			t.Errorf("definition %d has %d bytes, want %d", i, len(got[i].Value), sizes[i])
		}
	}
}

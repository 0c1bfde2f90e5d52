package vhost

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// disk is a vhost on a durable store.
type disk struct {
	*fixture
	dir string
}

func openDisk(t *testing.T, dir string) *disk {
	t.Helper()
	failed := func(err error) { t.Error(err) }
	s, err := store.Open(store.Options{Dir: dir, SegmentSize: 1 << 20, OnDamage: failed, OnFail: failed})
	if err != nil {
		t.Fatal(err)
	}
	overflow := store.NewVolatile(store.Options{Dir: filepath.Join(dir, "overflow"), OnDamage: failed, OnFail: failed})
	clock := queue.NewClock()
	d := &disk{&fixture{New(Config{Name: "/", ID: 7, Store: s, Overflow: overflow, Clock: clock}), t, nil}, dir}
	t.Cleanup(func() {
		if err := d.Check(); err != nil {
			t.Error(err)
		}
		d.Close()
		clock.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := overflow.Close(); err != nil {
			t.Error(err)
		}
	})
	d.ok(d.Recover(s.Definitions()))
	return d
}

// sync waits until all is durable that was defined so far.
func (d *disk) sync() {
	done := make(chan struct{})
	d.VHost.store.Define(nil, func() { close(done) })
	<-done
}

// kill is the vhost of a broker that finds what another left that was killed
// now.
func (d *disk) kill() *disk {
	d.t.Helper()
	// What is copied while the store writes to it is of several moments, and none that a kill could leave.
	for {
		before, dir := d.files(), d.t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(d.dir)); err == nil && d.files() == before {
			return openDisk(d.t.(*testing.T), dir)
		}
	}
}

// files lists the files of the folder, with their sizes and the times of their last change.
func (d *disk) files() string {
	var list strings.Builder
	_ = filepath.WalkDir(d.dir, func(path string, _ fs.DirEntry, err error) error {
		if info, statErr := os.Stat(path); err == nil && statErr == nil {
			fmt.Fprintln(&list, path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return list.String()
}

// keep puts a message into a part.
func (d *disk) keep(part store.Queue, text string) {
	var slab queue.Slab
	m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, []byte(text))
	m.Persistent = true
	part.Append([]store.Enqueue{{Seq: part.NextSeq(), Message: m}})
	m.Release()
	slab.Close()
}

// wantStock fails the test if a part does not have n messages.
func (d *disk) wantStock(part store.Queue, n int) {
	d.t.Helper()
	if part == nil {
		d.t.Fatal("no part")
	}
	if _, got := part.Stock(); got != n {
		d.t.Errorf("%d messages in the part, want %d", got, n)
	}
}

func (d *disk) entry(name string) *entry {
	d.t.Helper()
	e := d.VHost.queues[name]
	if e == nil {
		d.t.Fatalf("no queue %q", name)
	}
	return e
}

// queueDefinitions are the numbers of what a store defines as queues.
func (d *disk) queueDefinitions() map[uint64]bool {
	ids := map[uint64]bool{}
	for _, def := range d.VHost.store.Definitions() {
		if def.Kind == store.KindQueue {
			ids[def.ID] = true
		}
	}
	return ids
}

// A queue finds its parts, with what they have, when the broker was killed;
// its name belongs to it alone.
func TestPartsOfQueue(t *testing.T) {
	d := openDisk(t, t.TempDir())
	d.durableQueue("q")
	d.durableQueue("none")
	low, high := queue.PartKey(queue.LanePart, 1), queue.PartKey(queue.LanePart, 2)
	p := d.entry("q").parts
	d.keep(p.get(low), "a")
	d.keep(p.get(high), "b")
	d.keep(p.get(high), "c")
	if p.get(low) != p.get(low) || p.get(low) == p.get(high) {
		t.Error("a key is not a part")
	}
	d.sync()

	for range 2 {
		d = d.kill()
		p = d.entry("q").parts
		all := p.all()
		if len(all) != 2 || len(d.entry("none").parts.all()) != 0 || len(d.VHost.queues) != 2 {
			t.Fatalf("%d parts, %d queues", len(all), len(d.VHost.queues))
		}
		d.wantStock(all[low], 1)
		d.wantStock(all[high], 2)
		if p.get(low) != all[low] {
			t.Error("a part was made again")
		}
	}

	// The parts go with the queue, and the next of its name has none.
	_, err := d.delete(me, "q", false, false)
	d.ok(err)
	if p.get(low) != nil {
		t.Error("a part of a queue that is gone")
	}
	d.durableQueue("q")
	d.keep(d.entry("q").parts.get(low), "d")
	d.sync()
	d = d.kill()
	all := d.entry("q").parts.all()
	if len(all) != 1 {
		t.Fatalf("%d parts, want 1", len(all))
	}
	d.wantStock(all[low], 1)
	if n := len(d.queueDefinitions()); n != 3 {
		t.Errorf("%d queues and parts are defined, want 3", n)
	}
}

// An exchange keeps its parts, and they go with it however it goes.
func TestPartsOfExchange(t *testing.T) {
	d := openDisk(t, t.TempDir())
	d.durableQueue("q")
	d.ok(d.exchange(ExchangeSpec{Name: "deleted", Type: "fanout", Durable: true}))
	d.ok(d.exchange(ExchangeSpec{Name: "unbound", Type: "fanout", Durable: true, AutoDelete: true}))
	d.ok(d.exchange(ExchangeSpec{Name: "alone", Type: "fanout", Durable: true, AutoDelete: true}))
	d.ok(d.bind(me, Binding{Source: "unbound", Destination: "q"}))
	d.ok(d.bind(me, Binding{Source: "alone", Destination: "q", Key: "k"}))
	names := []string{"deleted", "unbound", "alone"}
	key := queue.PartKey(queue.DelayPart, 5)
	for _, name := range names {
		d.keep(d.VHost.partsOf(d.graph.Load().Exchange(name)).get(key), name)
	}
	d.sync()
	d = d.kill()
	for _, name := range names {
		d.wantStock(d.VHost.partsOf(d.graph.Load().Exchange(name)).all()[key], 1)
	}
	p := d.VHost.partsOf(d.graph.Load().Exchange("deleted"))
	d.ok(d.deleteExchange("deleted", false))
	d.ok(d.unbind(me, Binding{Source: "unbound", Destination: "q"}))
	_, err := d.delete(me, "q", false, false)
	d.ok(err)
	if p.get(key) != nil || len(d.VHost.parts) != 0 {
		t.Error("parts of exchanges that are gone")
	}
	d.sync()
	d = d.kill()
	if n := len(d.queueDefinitions()); n != 0 {
		t.Errorf("%d parts are left", n)
	}
}

// A part whose owner is not there is removed, and its number is not used again.
func TestPartWithoutOwner(t *testing.T) {
	d := openDisk(t, t.TempDir())
	d.durableQueue("q")
	e := d.entry("q")
	d.keep(e.parts.get(1), "a")
	d.keep(e.parts.get(2), "b")
	used := e.parts.ids[2]
	d.VHost.store.Define([]store.Definition{{Kind: store.KindQueue, ID: e.queue.ID(), Deleted: true}}, nil)
	d.sync()
	d = d.kill()
	if n := len(d.queueDefinitions()); n != 2 {
		t.Fatalf("%d parts were left, want 2", n)
	}
	d.sync()
	d = d.kill()
	if n := len(d.queueDefinitions()); n != 0 {
		t.Errorf("%d parts are left", n)
	}
	d.durableQueue("q")
	e = d.entry("q")
	d.wantStock(e.parts.get(1), 0)
	for id := range map[uint64]bool{e.queue.ID(): true, e.parts.ids[1]: true} {
		if id <= used {
			t.Errorf("number %d is used again, after %d", id, used)
		}
	}
}

func TestPartDefinedTwice(t *testing.T) {
	f := newFixture(t)
	part := []byte(`{"vhost":7,"part_of":1,"key":2}`)
	err := f.Recover([]store.Definition{{Kind: store.KindQueue, ID: 5, Value: part}, {Kind: store.KindQueue, ID: 6, Value: part}})
	if err == nil || err.Error() != `vhost "/": definition 6: part 2 of 1 is defined twice` {
		t.Error(err)
	}
}

package store

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

// codecRig is an encoder over a log in memory.
type codecRig struct {
	log     *log.Log
	decoder decoder
	encoder encoder
}

func newCodecRig(tb testing.TB, segment int64) *codecRig {
	tb.Helper()
	l, err := log.Open(log.Options{FS: vfs.NewFake(1), Dir: "/log", SegmentSize: segment})
	if err == nil {
		err = l.Replay(0, 0, func(log.Record) error { return nil })
	}
	if err == nil {
		err = l.Start()
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	c := &codecRig{log: l}
	c.encoder = newEncoder(l, &c.decoder)
	return c
}

// again decodes what was written from the log, as a start does.
func (c *codecRig) again(tb testing.TB) []op {
	tb.Helper()
	if _, err := c.log.Sync(); err != nil {
		tb.Fatal(err)
	}
	var d decoder
	r := c.log.NewReader(0)
	defer r.Close()
	r.Seek(c.log.Segments()[0].Start)
	for {
		rec, err := r.Next()
		if err != nil {
			return d.ops
		}
		if err := d.record(rec); err != nil {
			tb.Fatal(err)
		}
	}
}

// same expects the operations of the encoder and those read back to be equal.
func (c *codecRig) same(tb testing.TB) []op {
	tb.Helper()
	ops := c.again(tb)
	if !reflect.DeepEqual(ops, c.decoder.ops) {
		tb.Fatalf("written %+v\nread %+v", c.decoder.ops, ops)
	}
	return ops
}

func TestBlockOfOneQueue(t *testing.T) {
	c := newCodecRig(t, 1<<20)
	q := &queue{id: 77}
	var slab Slab
	for _, seq := range []uint64{5, 6, 7, 9, 70000, 70001, 200000} {
		m := message(&slab, seq, 10)
		m.Priority, m.Expires = uint8(seq%3), int64(seq%2)*1000
		if err := c.encoder.message(&Enqueue{Seq: seq, Message: m}, q); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.encoder.endBlock(); err != nil {
		t.Fatal(err)
	}
	ops := c.same(t)
	// 5 to 9 are close enough for one run.
	if len(ops) != 3 || ops[0].queue != 77 || ops[0].run.live != 4 {
		t.Fatalf("%+v", ops)
	}
	var live []uint64
	for _, o := range ops {
		for seq := o.run.first(); seq <= o.run.last(); seq++ {
			if o.run.alive(seq) {
				live = append(live, seq)
			}
		}
	}
	if !slices.Equal(live, []uint64{5, 6, 7, 9, 70000, 70001, 200000}) {
		t.Errorf("%v", live)
	}
}

func TestGroupRecords(t *testing.T) {
	c := newCodecRig(t, 1<<20)
	e := &c.encoder
	a, b := &queue{id: 1}, &queue{id: 2}
	var slab Slab
	e.beginGroup()
	f := NewFanout(2)
	f.targets = []target{{a, 10, 0}, {b, 20, 7000}}
	steps := []error{
		e.message(&Enqueue{Seq: 10, Message: message(&slab, 1, 5), Fanout: f}, a),
		e.message(&Enqueue{Seq: 20, Message: message(&slab, 1, 5), Fanout: f}, b),
		e.message(&Enqueue{Seq: 21, Message: message(&slab, 2, 5)}, b),
		e.endBlock(),
		e.dead(1, []span{{3, 4}}),
		e.endDead(),
	}
	for _, err := range steps {
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(c.decoder.ops) != 0 {
		t.Fatal("held records took effect before the head")
	}
	if err := e.endGroup(); err != nil {
		t.Fatal(err)
	}
	ops := c.same(t)
	if len(ops) != 3 {
		t.Fatalf("%+v", ops)
	}
	for _, o := range ops {
		if o.at != ops[0].at || o.kind == recEnqueue && o.run.pos >= o.at {
			t.Errorf("%+v", o)
		}
	}
	if ops[1].run.live != 2 || ops[0].run.bytes == 0 {
		t.Errorf("%+v", ops)
	}
}

// TestLongLists writes more of everything than fits into a record.
func TestLongLists(t *testing.T) {
	c := newCodecRig(t, 16<<10)
	e := &c.encoder
	var spans []span
	var tallies []seqTally
	for i := range uint64(3000) {
		spans = append(spans, span{i * 10, i*10 + 3})
		tallies = append(tallies, seqTally{i, tally{uint32(i) + 1, int64(i) << 33}})
	}
	long := bytes.Repeat([]byte("long"), 10000)
	define := []Definition{{Kind: KindQueue, ID: 9, Value: long}, {Kind: KindUser, ID: 10, Deleted: true, Value: []byte{}}}
	for _, err := range []error{
		e.define(define),
		e.dead(5, spans), e.dead(6, spans[:2]), e.endDead(),
		e.tallies(5, tallies), e.endTallies(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var gotSpans []span
	var gotTallies []seqTally
	for _, o := range c.same(t) {
		switch {
		case o.kind == recDefine && !reflect.DeepEqual(o.define, define):
			t.Errorf("definitions %v", o.define)
		case o.kind == recDead && o.queue == 5:
			gotSpans = append(gotSpans, o.spans...)
		case o.kind == recTally:
			gotTallies = append(gotTallies, o.tally)
		}
	}
	if !slices.Equal(gotSpans, spans) || !slices.Equal(gotTallies, tallies) {
		t.Errorf("%d ranges and %d tallies came back", len(gotSpans), len(gotTallies))
	}
}

// TestOldCounts reads a list of delivery counts as format 1 has it.
func TestOldCounts(t *testing.T) {
	var d decoder
	payload := []byte{1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0}
	if err := d.record(log.Record{Kind: recCount, Position: 4096, Payload: payload}); err != nil {
		t.Fatal(err)
	}
	if o := d.ops[0]; len(d.ops) != 1 || o.kind != recTally || o.queue != 7 || o.tally != (seqTally{5, tally{count: 3}}) {
		t.Errorf("%+v", d.ops)
	}
}

// TestWideFanout puts one message into more queues than an entry can name.
func TestWideFanout(t *testing.T) {
	c := newCodecRig(t, 16<<10)
	f := NewFanout(1000)
	for i := range uint64(1000) {
		f.targets = append(f.targets, target{&queue{id: i + 1}, i + 100, int64(i)})
	}
	var slab Slab
	m := message(&slab, 1, 50)
	if err := c.encoder.message(&Enqueue{Seq: 100, Message: m, Fanout: f}, f.targets[0].queue); err != nil {
		t.Fatal(err)
	}
	if err := c.encoder.endBlock(); err != nil {
		t.Fatal(err)
	}
	ops := c.same(t)
	if len(ops) != 1000 {
		t.Fatalf("%d operations", len(ops))
	}
	for _, o := range ops {
		if o.run.seq != o.queue+99 || o.run.live != 1 {
			t.Errorf("%+v", o)
		}
	}
}

func TestNormalSpans(t *testing.T) {
	got := normal([]span{{9, 9}, {1, 2}, {3, 3}, {5, 5}, {4, 4}, {7, 8}})
	if fmt.Sprint(got) != "[{1 5} {7 9}]" {
		t.Error(got)
	}
}

func TestNormalSpansAtTheEnd(t *testing.T) {
	all := ^uint64(0)
	got := normal([]span{{3, all}, {5, 6}})
	if len(got) != 1 || got[0] != (span{3, all}) {
		t.Error(got)
	}
}

// FuzzRecord gives any bytes to the decoder and, if it takes them, the
// operations to an index.
func FuzzRecord(f *testing.F) {
	f.Add(byte(recEnqueue), []byte{1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
		1, 0, 0, 0, 0, 0, 0, 0, 'x', 7, 0, 0, 0, 0, 0, 0, 0})
	f.Add(byte(recMove), []byte{1, 0, 0, 0, 1, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0})
	f.Add(byte(recDead), []byte{1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
		1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0})
	f.Add(byte(recCount), []byte{1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0})
	f.Add(byte(recTally), []byte{1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0})
	f.Add(byte(recDefine), []byte{4, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 'v'})
	f.Add(byte(recHead), []byte{1, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, kind byte, payload []byte) {
		var d decoder
		if d.record(log.Record{Kind: log.Kind(kind), Position: 4096, Payload: payload}) != nil {
			return
		}
		x := newIndex(func() []log.Segment { return []log.Segment{{Seq: 1, Start: 4096, Limit: 1 << 20}} }, nil, nil)
		x.queues[7] = x.newQueue(7, 0)
		x.apply(d.ops, 8192)
		if err := x.check(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzState gives any bytes to what reads Badger's values.
func FuzzState(f *testing.F) {
	r := queueRecord{position: 1, next: 2, nextPage: 3, pages: []pageEntry{{
		number: 1, messages: 4, lost: true, sums: packSums([]segmentSum{{1, sum{4, 99}}}),
	}}}
	f.Add(r.encode())
	f.Add(appendRun(nil, &run{seq: 1, pos: 4096, live: 1, bytes: 3}, new(run), nil))
	f.Add(appendRun(nil, &run{seq: 1, pos: 4096, to: 2, live: 2, bytes: 3, rare: &rareRun{dead: []uint64{2}}}, new(run), map[uint64]tally{1: {count: 9}}))
	f.Add(appendRun(nil, &run{seq: 1, pos: 4096, to: 1, live: 2, bytes: 3}, new(run), map[uint64]tally{1: {count: 9}, 2: {1, 1 << 40}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, ok := decodeQueueRecord(b); ok && !bytes.Equal(b, r.encode()) {
			t.Errorf("%x became %x", b, r.encode())
		}
		decodeG(b)
		if r, rest, ok := decodeRun(b, new(run), func(seqTally) {}); ok {
			if again := appendRun(nil, &r, new(run), nil); r.live > 0 && len(again) > len(b)-len(rest) {
				t.Errorf("%x became longer: %x", b, again)
			}
		}
	})
}

// TestPageSums packs sums, also of segments that a move has put out of order,
// and has bytes refused that nobody packs.
func TestPageSums(t *testing.T) {
	list := []segmentSum{{7, sum{1, 80}}, {9, sum{300, 1 << 40}}, {2, sum{math.MaxUint32, 0}}, {math.MaxUint64, sum{1, 1}}}
	packed := packSums(list)
	if got := slices.Collect(packed.all); !packed.valid() || !slices.Equal(got, list) {
		t.Errorf("%v became %v", list, got)
	}
	for _, bad := range []pageSums{packed[:len(packed)-1], {2}, {2, 1}, {2, 0x81, 0, 1}, {2, 0xff, 0xff, 0xff, 0xff, 0x1f, 1}} {
		if bad.valid() {
			t.Errorf("% x is taken", []byte(bad))
		}
	}
}

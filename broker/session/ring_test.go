package session

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// TestUnackedRing holds random histories against a plain map.
func TestUnackedRing(t *testing.T) {
	from := []*dealing{{queue: &queue.Queue{}}, {queue: &queue.Queue{}}, {queue: &queue.Queue{}}}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		var ring unackedRing
		model := map[uint64]unacked{}
		tag := uint64(0)
		others := r.IntN(3) // of many deliveries that are not like the last
		for range 3000 {
			switch n := r.IntN(20); {
			case n < 10:
				tag++
				u := unacked{from: from[0], tag: tag, seq: tag + 7, slot: queue.Slot(tag + 1)}
				switch r.IntN(20) * others {
				case 1:
					tag += 1 + uint64(r.IntN(200)) // no-ack deliveries take tags, too
					u.tag = tag
				case 2, 3, 4:
					u.from, u.free = from[r.IntN(3)], r.IntN(2) == 0
				case 5, 6:
					u.seq, u.slot = r.Uint64(), queue.Slot(r.Uint32())
				}
				ring.push(&u)
				model[tag] = u
			case n < 17:
				at := tag - uint64(r.IntN(int(tag)+1))
				if n == 16 && ring.has(at) {
					u := model[at]
					u.free, u.slot = !u.free, u.slot+queue.Slot(r.IntN(2))
					ring.replace(u)
					model[at] = u
				}
				got, ok := ring.take(at)
				want, had := model[at]
				if ok != had || got != want {
					t.Fatalf("seed %d: take(%d) = %v %v, want %v %v", seed, at, got, ok, want, had)
				}
				delete(model, at)
				if ok && r.IntN(10) == 0 {
					ring.putBack(got)
					model[at] = got
				}
			case n < 18 && r.IntN(40) == 0:
				at := tag - uint64(r.IntN(int(tag)+1))
				checkEachTo(t, &ring, model, at)
				checkTakeTo(t, &ring, model, at)
			case n == 19 && r.IntN(40) == 0:
				checkEach(t, &ring, model)
			}
			if ring.len != len(model) {
				t.Fatalf("seed %d: len %d, want %d", seed, ring.len, len(model))
			}
		}
		checkEach(t, &ring, model)
		checkEachTo(t, &ring, model, tag/2)
		checkTakeTo(t, &ring, model, everything)
		if ring.len != 0 || ring.kept != 0 {
			t.Fatalf("seed %d: %d deliveries are left, %d of them in the ring", seed, ring.len, ring.kept)
		}
	}
}

func checkEach(t *testing.T, ring *unackedRing, model map[uint64]unacked) {
	t.Helper()
	n := 0
	queues := map[*queue.Queue]bool{}
	ring.queues(func(q *queue.Queue) { queues[q] = true })
	ring.each(func(u unacked) {
		if n++; model[u.tag] != u {
			t.Fatalf("delivery %d is %v, want %v", u.tag, u, model[u.tag])
		}
		if !queues[u.from.queue] {
			t.Fatalf("the queue of delivery %d is not among those that have some", u.tag)
		}
	})
	if n != len(model) {
		t.Fatalf("%d deliveries, want %d", n, len(model))
	}
}

func checkEachTo(t *testing.T, ring *unackedRing, model map[uint64]unacked, at uint64) {
	t.Helper()
	want, oldest := 0, uint64(everything)
	for tag := range model {
		if oldest = min(oldest, tag); tag <= at {
			want++
		}
	}
	if got := ring.oldest(); got != oldest {
		t.Fatalf("the oldest is %d, want %d", got, oldest)
	}
	ring.eachTo(at, func(u unacked) {
		if want--; u.tag > at || model[u.tag] != u {
			t.Fatalf("eachTo(%d): delivery %d is %v, want %v", at, u.tag, u, model[u.tag])
		}
	})
	if want != 0 {
		t.Fatalf("eachTo(%d) has passed over %d", at, want)
	}
}

func checkTakeTo(t *testing.T, ring *unackedRing, model map[uint64]unacked, at uint64) {
	t.Helper()
	var want, got []unacked
	for tag, u := range model {
		if tag <= at {
			want = append(want, u)
			delete(model, tag)
		}
	}
	slices.SortFunc(want, func(a, b unacked) int { return cmp.Compare(a.tag, b.tag) })
	for more := true; more; {
		before := len(got)
		var some []unacked
		some, more = ring.takeTo(at, nil, handful)
		for _, u := range some {
			u.each(func(one unacked) { got = append(got, one) })
		}
		if n := len(got) - before; more && n > handful+pageTags {
			t.Fatalf("takeTo(%d) took %d at once", at, n)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("takeTo(%d) = %v, want %v", at, got, want)
	}
}

// TestUnackedFollow checks which deliveries are settled with one word.
func TestUnackedFollow(t *testing.T) {
	a, b := &dealing{queue: &queue.Queue{}}, &dealing{queue: &queue.Queue{}}
	first := unacked{from: a, seq: 10, tag: 20, slot: 30, more: 4}
	for name, c := range map[string]struct {
		change func(*unacked)
		first  unacked
		want   bool
	}{
		"it follows":         {func(*unacked) {}, first, true},
		"another queue":      {func(u *unacked) { u.from = b }, first, false},
		"messages between":   {func(u *unacked) { u.seq++ }, first, false},
		"deliveries between": {func(u *unacked) { u.tag++ }, first, false},
		"another slot":       {func(u *unacked) { u.slot++ }, first, false},
		"fetched":            {func(u *unacked) { u.free = true }, first, false},
		"taken back":         {func(u *unacked) { u.slot = 5 }, unacked{from: a, seq: 10, tag: 20, more: 4}, false},
	} {
		next := unacked{from: a, seq: 15, tag: 25, slot: 35, more: 2}
		c.change(&next)
		u := c.first
		if got := u.add(&next); got != c.want || u.count() != map[bool]int{false: 5, true: 8}[c.want] {
			t.Errorf("%s: %v, and %d deliveries", name, got, u.count())
		}
	}
}

// TestUnackedRingStaysSmall keeps one old delivery while a million pass.
func TestUnackedRingStaysSmall(t *testing.T) {
	from := &dealing{queue: &queue.Queue{}}
	var ring unackedRing
	ring.push(&unacked{tag: 1, from: from})
	for tag := uint64(2); tag < 1_000_000; tag++ {
		ring.push(&unacked{tag: tag, from: from, seq: tag, slot: queue.Slot(1 + tag%100)})
		if _, ok := ring.take(tag); !ok {
			t.Fatalf("delivery %d is not there", tag)
		}
	}
	if len(ring.ring) > spanRing {
		t.Errorf("the ring has grown to %d", len(ring.ring))
	}
	if !ring.has(1) {
		t.Error("the old delivery is gone")
	}
}

// TestUnackedRingOfRuns leaves millions unacked: those of one queue take next to
// nothing, also when some of them are acked, here and there.
func TestUnackedRingOfRuns(t *testing.T) {
	const n = 2_000_000
	from := &dealing{queue: &queue.Queue{}}
	fill := func() (ring unackedRing) {
		for tag := uint64(1); tag <= n; tag++ {
			ring.push(&unacked{tag: tag, from: from, seq: tag + 5, slot: queue.Slot(tag)})
		}
		return ring
	}
	ring := fill()
	whole, _ := ring.takeTo(n-1, nil, math.MaxInt)
	if len(whole) != 1 || whole[0].count() != n-1 {
		t.Errorf("all but one were taken as %d runs, the first of %d", len(whole), whole[0].count())
	}
	ring = fill()
	for tag := uint64(2); tag <= n; tag += 7 {
		if u, ok := ring.take(tag); !ok || u.seq != tag+5 {
			t.Fatalf("delivery %d is %v, %v", tag, u, ok)
		}
	}
	for i := range ring.ring {
		if ring.ring[i].table != nil {
			t.Fatal("a page is no run")
		}
	}
	left, got, more := ring.len, 0, true
	for more {
		var some []unacked
		some, more = ring.takeTo(everything, nil, handful)
		for _, u := range some {
			got += u.count()
		}
	}
	if got != left || ring.len != 0 {
		t.Errorf("%d of %d were taken, and %d are left", got, left, ring.len)
	}
}

// TestConfirms answers publishes in random order and reads what the client is
// told: each publish is confirmed once it is answered by all, and not before.
func TestConfirms(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 3))
		c := confirms{low: 1, next: 1}
		missing := map[uint64]int{}
		told := map[uint64]bool{}
		published := uint64(0)
		for range 2000 {
			if r.IntN(3) > 0 {
				published++
				missing[published] = 1 + r.IntN(3)
				c.add(published, missing[published])
				continue
			}
			first := 1 + uint64(r.IntN(int(published)+1))
			last := first
			for n := r.IntN(5); n > 0 && missing[last+1] > 0; n-- {
				last++
			}
			if missing[first] == 0 {
				continue
			}
			for p := first; p <= last; p++ {
				missing[p]--
			}
			readAcks(t, c.settle(nil, 1, first, last), missing, told)
			for p := first; p <= last; p++ {
				if missing[p] == 0 && !told[p] {
					t.Fatalf("seed %d: publish %d is answered, but the client was not told", seed, p)
				}
			}
		}
	}
}

func readAcks(t *testing.T, buf []byte, missing map[uint64]int, told map[uint64]bool) {
	t.Helper()
	for len(buf) > 0 {
		f, n, err := amqp.ParseFrame(buf, 0)
		if err != nil || n == 0 {
			t.Fatalf("bad frame: %v", err)
		}
		buf = buf[n:]
		_, args, _ := amqp.ParseMethod(f.Payload)
		var ack amqp.BasicAck
		if err := ack.Decode(args); err != nil {
			t.Fatal(err)
		}
		first := ack.DeliveryTag
		if ack.Multiple {
			first = 1
		}
		if told[ack.DeliveryTag] {
			t.Fatalf("publish %d was confirmed twice", ack.DeliveryTag)
		}
		for p := first; p <= ack.DeliveryTag; p++ {
			if missing[p] > 0 {
				t.Fatalf("publish %d was confirmed before all queues answered", p)
			}
			told[p] = true
		}
	}
}

func BenchmarkUnackedRing(b *testing.B) {
	var ring unackedRing
	b.ReportAllocs()
	from := &dealing{queue: &queue.Queue{}}
	for n := range b.N {
		tag := uint64(n) + 1
		ring.push(&unacked{tag: tag, from: from, seq: tag, slot: queue.Slot(tag * tag)})
		if tag > 100 {
			ring.take(tag - 100)
		}
	}
}

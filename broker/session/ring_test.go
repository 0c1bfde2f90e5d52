package session

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// TestUnackedRing holds random histories against a plain map.
func TestUnackedRing(t *testing.T) {
	q := &queue.Queue{}
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 2))
		var ring unackedRing
		model := map[uint64]unacked{}
		tag := uint64(0)
		for range 3000 {
			switch n := r.IntN(20); {
			case n < 10:
				tag += 1 + uint64(r.IntN(3)) // no-ack deliveries take tags too
				u := unacked{from: &dealing{queue: q}, tag: tag, seq: tag * 2}
				*ring.push(tag) = u
				model[tag] = u
			case n < 17:
				at := tag - uint64(r.IntN(int(tag)+1))
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
			case n < 18 && r.IntN(4) == 0:
				at := tag - uint64(r.IntN(int(tag)+1))
				checkTakeTo(t, &ring, model, at)
			}
			if ring.len != len(model) {
				t.Fatalf("seed %d: len %d, want %d", seed, ring.len, len(model))
			}
		}
		checkTakeTo(t, &ring, model, everything)
	}
}

func checkTakeTo(t *testing.T, ring *unackedRing, model map[uint64]unacked, at uint64) {
	t.Helper()
	var want []uint64
	for tag := range model {
		if tag <= at {
			want = append(want, tag)
			delete(model, tag)
		}
	}
	slices.Sort(want)
	var got []uint64
	for _, u := range ring.takeTo(at, nil) {
		got = append(got, u.tag)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("takeTo(%d) = %v, want %v", at, got, want)
	}
}

// TestUnackedRingStaysSmall keeps one old delivery while a million pass.
func TestUnackedRingStaysSmall(t *testing.T) {
	q := &queue.Queue{}
	var ring unackedRing
	ring.push(1).from = &dealing{queue: q}
	for tag := uint64(2); tag < 1_000_000; tag++ {
		ring.push(tag).from = &dealing{queue: q}
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
	q := &queue.Queue{}
	var ring unackedRing
	b.ReportAllocs()
	for n := range b.N {
		tag := uint64(n) + 1
		ring.push(tag).from = &dealing{queue: q}
		if tag > 100 {
			ring.take(tag - 100)
		}
	}
}

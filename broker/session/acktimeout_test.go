package session

import (
	"testing"
	"time"

	"github.com/lepusmq/lepus/queue"
)

// waiting is a channel whose deliveries the test makes, looked at once a minute.
type waiting struct {
	*channel
	t   *testing.T
	now time.Time
}

func newWaiting(t *testing.T, timeout time.Duration) *waiting {
	limits := &Limits{}
	limits.SetAckTimeout(timeout, false)
	s := &Session{cfg: &Config{Limits: limits}}
	return &waiting{channel: &channel{s: s}, t: t, now: time.Unix(1e9, 0)}
}

func (w *waiting) deliver(q *queue.Queue) uint64 {
	w.tag++
	w.unacked.push(&unacked{from: &dealing{queue: q}, tag: w.tag, slot: 1})
	return w.tag
}

// pass lets minutes pass and wants the next looks to find just the last one's late ones.
func (w *waiting) pass(minutes int, want ...uint64) {
	w.t.Helper()
	for i := range minutes {
		w.now = w.now.Add(time.Minute)
		late, _ := w.findLate(w.now)
		if i < minutes-1 {
			if len(late) > 0 {
				w.t.Fatalf("%d deliveries are late, the first %d, after %d minutes of %d", len(late), late[0].tag, i+1, minutes)
			}
			continue
		}
		if len(late) != len(want) {
			w.t.Fatalf("late is %+v, want %v", late, want)
		}
		for j := range late {
			if late[j].tag != want[j] {
				w.t.Fatalf("late is %+v, want %v", late, want)
			}
		}
	}
}

func TestAckTimeout(t *testing.T) {
	w := newWaiting(t, 30*time.Minute)
	q := queue.New(queue.Config{Name: "q"})
	w.pass(100)
	first := w.deliver(q)
	// It is seen within a minute, and is late within another after its time.
	w.pass(31, first)
	w.unacked.take(first)
	w.pass(100)
}

// Others that are settled do not make one look younger or older.
func TestAckTimeoutBesideOthers(t *testing.T) {
	w := newWaiting(t, 30*time.Minute)
	q := queue.New(queue.Config{Name: "q"})
	var slow uint64
	for minute := range 200 {
		var tags []uint64
		for range 10 {
			tags = append(tags, w.deliver(q))
		}
		if minute == 100 {
			slow = w.deliver(q)
		}
		w.pass(1)
		for _, tag := range tags {
			w.unacked.take(tag)
		}
		if minute == 129 {
			break
		}
	}
	w.deliver(q)
	w.pass(1, slow)
}

// A queue may have a timeout of its own, and none.
func TestAckTimeoutOfAQueue(t *testing.T) {
	with := func(ms int64) *queue.Queue {
		return queue.New(queue.Config{Options: queue.Options{ConsumerTimeout: queue.Bound{Set: true, N: ms}}})
	}
	quick, never, plain := with(5*60*1000), with(0), queue.New(queue.Config{})
	w := newWaiting(t, 0)
	w.deliver(never)
	w.deliver(plain)
	late := w.deliver(quick)
	w.pass(6, late)
	w.unacked.take(late)
	w.pass(100)
	plain.Configure(queue.Options{ConsumerTimeout: queue.Bound{Set: true, N: 60 * 60 * 1000}})
	w.pass(1, 2)
	plain.Configure(queue.Options{})
	w.pass(10)
}

// The queue with the shortest timeout may be any of several.
func TestAckTimeoutIsTheShortest(t *testing.T) {
	patient, quick := queue.New(queue.Config{Name: "patient"}), queue.New(queue.Config{Name: "quick"})
	quick.Configure(queue.Options{ConsumerTimeout: queue.Bound{Set: true, N: 5 * 60 * 1000}})
	for _, first := range []bool{true, false} {
		w := newWaiting(t, time.Hour)
		if !first {
			w.deliver(patient)
		}
		late := w.deliver(quick)
		w.deliver(patient)
		w.pass(6, late)
	}
}

// What follows each other is late as one, and taken back as it was delivered.
func TestManyAreTakenBack(t *testing.T) {
	w := newWaiting(t, time.Minute)
	from := &dealing{queue: queue.New(queue.Config{Name: "q"})}
	for range 100 {
		w.tag++
		w.unacked.push(&unacked{from: from, tag: w.tag, seq: w.tag, slot: queue.Slot(w.tag)})
	}
	w.findLate(w.now)
	late, timeout := w.findLate(w.now.Add(time.Minute))
	if len(late) != 1 || late[0].count() != 100 || timeout != time.Minute {
		t.Fatalf("late after %v is %+v", timeout, late)
	}
	w.takeBack(late)
	n := 0
	w.unacked.each(func(u unacked) {
		if u.isTakenBack() && u.seq == u.tag {
			n++
		}
	})
	if n != 100 || w.takenBack != 100 {
		t.Errorf("%d are taken back, %d are counted", n, w.takenBack)
	}
	taken, _ := w.unacked.takeTo(everything, nil, handful)
	if left := w.dropTakenBack(taken); len(left) != 0 || w.takenBack != 0 {
		t.Errorf("settled: %+v, of %d", left, w.takenBack)
	}
}

// A consumer may have a timeout of its own, and none, whatever its queue says.
func TestAckTimeoutOfAConsumer(t *testing.T) {
	w := newWaiting(t, 5*time.Minute)
	q, other := queue.New(queue.Config{Name: "q"}), queue.New(queue.Config{Name: "other"})
	asks := func(tag string, ms int64) {
		w.consumers[tag] = &consumer{tag: tag, queue: q, timeout: queue.Bound{Set: true, N: ms}}
	}
	w.consumers = map[string]*consumer{"plain": {tag: "plain", queue: other}}
	asks("quick", 60*1000)
	late := w.deliver(q)
	w.pass(2, late)
	asks("slow", 20*60*1000)
	w.pass(10)
	beside := w.deliver(other)
	w.pass(6, beside)
	w.unacked.take(beside)
	q.Configure(queue.Options{ConsumerTimeout: queue.Bound{Set: true, N: 1}})
	asks("never", 0)
	w.pass(100)
	delete(w.consumers, "never")
	w.pass(1, late)
}

// However long it takes, the marks stay few, and nothing is late before its time.
func TestAckMarksAreBounded(t *testing.T) {
	const timeout = 2000 * time.Minute
	w := newWaiting(t, timeout)
	q := queue.New(queue.Config{})
	at := map[uint64]time.Time{}
	for range 3000 {
		at[w.deliver(q)] = w.now
		w.now = w.now.Add(time.Minute)
		late, _ := w.findLate(w.now)
		for _, u := range late {
			if w.now.Sub(at[u.tag]) < timeout {
				t.Fatalf("late after %v", w.now.Sub(at[u.tag]))
			}
		}
		if len(w.ackMarks.marks) > maxAckMarks {
			t.Fatalf("%d marks", len(w.ackMarks.marks))
		}
	}
	if late, _ := w.findLate(w.now); len(late) < 900 {
		t.Errorf("%d are late of 1000", len(late))
	}
}

// BenchmarkFindLate looks at a million deliveries of which none is late.
func BenchmarkFindLate(b *testing.B) {
	limits := &Limits{}
	limits.SetAckTimeout(time.Hour, false)
	ch := &channel{s: &Session{cfg: &Config{Limits: limits}}}
	from := &dealing{queue: queue.New(queue.Config{})}
	for tag := range uint64(1_000_000) {
		ch.unacked.push(&unacked{from: from, tag: tag + 1, seq: tag, slot: queue.Slot(tag + 1)})
	}
	ch.tag = 1_000_000
	now := time.Unix(1e9, 0)
	for b.Loop() {
		if late, _ := ch.findLate(now); len(late) > 0 {
			b.Fatal("something is late")
		}
	}
}

package fifo

import (
	"testing"

	"github.com/lepusmq/lepus/store"
)

// TestSweepFindsThem delivers messages that nobody keeps, more than a sweep looks at,
// and then some that can leave.
func TestSweepFindsThem(t *testing.T) {
	const n, window = 4 * sweepLen, 1 << 20
	var m Machine
	m.Window(window)
	c := &Consumer{Holder: 1}
	if err := m.Consume(c); err != nil {
		t.Fatal(err)
	}
	for seq := range uint64(2 * n) {
		i := Item{Seq: seq + 1, Message: store.Adopt(make([]byte, 100), 0, 0)}
		if seq >= n {
			i.Kept = Store
		}
		m.Publish(i)
	}
	m.Dispatch(nil, 2*n)
	m.Written(0, 2*n, 0)
	left := 0
	for more, turns := true, 0; more; turns++ {
		_, more = m.Shrink(func(*Item) bool { return false }, func(*Item) { left++ })
		if turns > 2*2*n/sweepLen {
			t.Fatal("the sweeps do not end")
		}
	}
	if m.packed() || left == 0 {
		t.Errorf("%d messages have left, the others cost %d", left, m.residents.bytes)
	}
	if err := m.Check(); err != nil {
		t.Error(err)
	}
}

// TestSweepWaits delivers messages that their keeper has not written: the sweep does
// not go round meanwhile, and finds all of them when it has.
func TestSweepWaits(t *testing.T) {
	const n, window = 3 * sweepLen, 1 << 20
	var m Machine
	m.Window(window)
	if err := m.Consume(&Consumer{Holder: 1}); err != nil {
		t.Fatal(err)
	}
	for seq := range uint64(n) {
		m.Publish(Item{Seq: seq + 1, Message: store.Adopt(make([]byte, 500), 0, 0), Kept: Store})
	}
	m.Dispatch(nil, n)
	shrink := func() (Lag, bool) {
		return m.Shrink(func(*Item) bool { return false }, func(*Item) {})
	}
	for range 5 {
		if wait, more := shrink(); wait.Keeper != Store || more {
			t.Fatalf("it waits for %+v, and there is more: %v", wait, more)
		}
	}
	m.Written(0, n, 0)
	for more := true; more; {
		_, more = shrink()
	}
	if m.packed() {
		t.Errorf("what is left in memory costs %d", m.residents.bytes)
	}
}

// TestFrontIsSpilled has messages that nobody keeps delivered when there are many of
// them already, while what is behind them is spilled: those in front are too, for they
// could not be any more when they are delivered.
func TestFrontIsSpilled(t *testing.T) {
	const size, allowed, window = 1000, 100_000, 200_000
	var m Machine
	m.Window(window)
	m.Allow(allowed)
	c := &Consumer{Holder: 1}
	if err := m.Consume(c); err != nil {
		t.Fatal(err)
	}
	var seq, spilled uint64
	for episode := range 20 {
		m.Pause(c)
		for range 500 { // more than the window
			seq++
			m.Publish(Item{Seq: seq, Message: store.Adopt(make([]byte, size), 0, 0)})
			if m.Over() {
				m.Written(0, 0, spilled)
				m.Shrink(func(i *Item) bool {
					if i.Seq <= spilled {
						t.Fatalf("%d is spilled after %d", i.Seq, spilled)
					}
					i.Kept, spilled = Overflow, i.Seq
					return true
				}, func(*Item) {})
			}
		}
		m.Resume(c)
		for m.Absent() || m.Ready() > 0 {
			m.Dispatch(nil, 100)
			if w, ok := m.Fetch(); ok {
				r := Read{UpTo: w.Ranges[Overflow][0].Last}
				for at := w.Ranges[Overflow][0].First; at <= r.UpTo; at++ {
					r.Items = append(r.Items, Item{Seq: at, Message: store.Adopt(make([]byte, size), 0, 0), Kept: Overflow})
				}
				m.Restore(&w, &r, func(*Item) {})
			}
		}
		if m.Alone() > allowed+window+size {
			t.Fatalf("episode %d: what nobody keeps costs %d", episode, m.Alone())
		}
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
	}
}

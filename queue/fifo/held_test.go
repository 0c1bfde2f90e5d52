package fifo

import (
	"testing"

	"github.com/lepusmq/lepus/store"
)

// TestUnackedBytes follows the size of what is unacked, of messages that stay in
// memory and of those that do not.
func TestUnackedBytes(t *testing.T) {
	for name, window := range map[string]int64{"in memory": 0, "away": 1} {
		t.Run(name, func(t *testing.T) {
			var m Machine
			m.Window(window)
			m.Written(0, 100, 0)
			for n, size := range []int{10, 20, 60} {
				m.Publish(Item{Seq: uint64(n) + 1, Message: store.Adopt(make([]byte, size+5), 3, 2), Kept: Store})
			}
			var held []Delivery
			for range 3 {
				d, ok := m.Get(t, false)
				if !ok || d.Left != (window > 0) {
					t.Fatalf("got %v, left: %v", ok, d.Left)
				}
				held = append(held, d)
			}
			want := func(when string, bytes int64) {
				t.Helper()
				if got := m.UnackedBytes(); got != bytes {
					t.Errorf("%s there are %d bytes, want %d", when, got, bytes)
				}
			}
			want("with all", 90)
			var i Item
			m.Settle(held[2].Slot, held[2].Seq, &i)
			if window == 0 {
				want("without the large one", 30)
			} else {
				want("without one of three", 60)
			}
			m.Return(held[1].Slot, held[1].Seq, false)
			m.Reject(held[0].Slot, held[0].Seq)
			want("with none", 0)
			if err := m.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

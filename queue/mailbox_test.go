package queue

import (
	"sync"
	"testing"
	"testing/synctest"
)

// TestMailboxIsBounded has messages come to a strand that is busy: publishers
// are slowed by how many there are, or by how large they are, and go on when
// they have been taken in.
func TestMailboxIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ size, most int }{
		"small": {16, maxLoad},
		"large": {256 << 10, maxLoad * loadUnit / (256 << 10)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := New(Config{Name: "q"})
				gate := make(chan struct{})
				open := sync.OnceFunc(func() { close(gate) })
				defer open()
				q.later(func(*Queue) { <-gate })
				synctest.Wait()
				var slab Slab
				body := make([]byte, c.size)
				for n := 1; !q.Overloaded(); n++ {
					if n > c.most {
						t.Fatalf("not overloaded with %d messages", n-1)
					}
					q.Publish([]Publication{{Message: slab.Add([]byte("\x00\x01k"), []byte{0, 0}, body)}})
					if n < c.most/2 && q.Overloaded() {
						t.Fatalf("overloaded with %d messages", n)
					}
				}
				slab.Close()
				slowed := true
				go func() {
					q.Throttle()
					slowed = false
				}()
				synctest.Wait()
				if !slowed {
					t.Error("a publisher did not wait")
				}
				open()
				synctest.Wait()
				if slowed || q.Overloaded() || q.load.Load() != 0 {
					t.Errorf("slowed %v, overloaded %v, load %d when all was taken in", slowed, q.Overloaded(), q.load.Load())
				}
				q.Close()
			})
		})
	}
}

// TestMailboxesShareMemory has messages come to many strands that are busy: the
// more wait in the others, the fewer may in one, but for a few.
func TestMailboxesShareMemory(t *testing.T) {
	const (
		queues = 200
		room   = 20_000
	)
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(0)
		b.mailboxes = room
		var slab Slab
		gate := make(chan struct{})
		all := make([]*Queue, queues)
		for i := range all {
			all[i] = New(Config{Name: "q", Budget: b})
			all[i].later(func(*Queue) { <-gate })
		}
		synctest.Wait()
		publish := func(q *Queue) (n int) {
			for ; !q.Overloaded() && n < room; n++ {
				q.Publish([]Publication{{Message: slab.Add([]byte("\x00\x01k"), []byte{0, 0}, nil)}})
			}
			return n
		}
		first, least := publish(all[0]), room
		for _, q := range all[1:] {
			least = min(least, publish(q))
		}
		if first < room/4 || first > room/2 {
			t.Errorf("the first queue took %d", first)
		}
		if least < leastLoad-1 || least > leastLoad+1 {
			t.Errorf("one took only %d", least)
		}
		if most := int64(room + queues*leastLoad); b.waiting.Load() > most {
			t.Errorf("%d wait in all, want at most %d", b.waiting.Load(), most)
		}
		slab.Close()
		close(gate)
		synctest.Wait()
		if n := b.waiting.Load(); n != 0 {
			t.Errorf("%d are still counted when nothing waits", n)
		}
		for _, q := range all {
			if q.Overloaded() {
				t.Error("a queue that has caught up is overloaded")
			}
			q.Close()
		}
	})
}

package queue

import (
	"sync"
	"testing"
	"testing/synctest"
)

// TestMailboxIsBounded has messages come to a strand that is busy: publishers
// are slowed by how many there are, or by how large they are, and go on when
// half of them have been taken in.
func TestMailboxIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ size, most int }{
		"small": {16, maxLoad},
		"large": {256 << 10, maxLoad >> 10},
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

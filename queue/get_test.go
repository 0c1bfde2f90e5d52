package queue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/store"
)

// gotten is what a get was answered.
func gotten(d *Delivery, ok bool, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case !ok:
		return "empty"
	}
	return fmt.Sprint(binary.BigEndian.Uint64(d.Body()))
}

// TestGetWaitsForHold asks for messages that a group still holds: those are not
// ready, and the answer comes with the group, or with the end of the queue.
func TestGetWaitsForHold(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*Queue, *store.Group)
		want []string
	}{
		"released": {func(_ *Queue, g *store.Group) { g.Waive() }, []string{"1", "2", "empty"}},
		"deleted":  {func(q *Queue, _ *store.Group) { q.Delete(false, false, func(int, error) {}) }, slices.Repeat([]string{ErrDeleted.Error()}, 3)},
		"closed":   {func(q *Queue, _ *store.Group) { q.Close() }, slices.Repeat([]string{ErrDeleted.Error()}, 3)},
	} {
		t.Run(name, func(t *testing.T) {
			s := store.NewMemory()
			q := New(Config{ID: 1, Name: "q", Store: s.Queue(1)})
			var slab Slab
			message := func(n uint64) Publication {
				m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, binary.BigEndian.AppendUint64(nil, n))
				m.Persistent = true
				return Publication{Message: m}
			}
			var (
				g     Group
				whole *store.Group
			)
			g.Publish(q, message(1))
			g.Join(func(to *store.Group) { whole = to }) // comes later
			g.Commit(s.NewGroup, func() {})
			ready := func(want int) {
				t.Helper()
				q.Info(func(i Info, err error) {
					if i.Ready != want || err != nil {
						t.Errorf("%d ready, want %d: %v", i.Ready, want, err)
					}
				})
			}
			ready(0)
			q.Publish([]Publication{message(2)})
			ready(1)
			q.Delete(false, true, func(_ int, err error) {
				if !errors.Is(err, ErrNotEmpty) {
					t.Errorf("delete if empty: %v", err)
				}
			})

			holder := &sink{}
			var got []string
			for range 3 {
				q.Get(holder, true, func(d *Delivery, _ int, ok bool, err error) { got = append(got, gotten(d, ok, err)) })
			}
			q.await()
			if len(got) > 0 {
				t.Fatalf("answered %v before the group came", got)
			}
			c.end(q, whole)
			q.await()
			if !slices.Equal(got, c.want) {
				t.Errorf("answered %v, want %v", got, c.want)
			}
			if name == "released" {
				ready(0)
				if err := q.Check(); err != nil {
					t.Error(err)
				}
				q.Close()
				return
			}
			whole.Waive() // what is held in a queue that is gone harms nobody
			q.await()
		})
	}
}

// TestGetSkipsWhatExpiredOnHold asks for a message that expires before its group
// comes: what waits gets the next one, as whoever asks afterwards would.
func TestGetSkipsWhatExpiredOnHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, clock, grave := store.NewMemory(), NewClock(), newGrave()
		q := New(Config{ID: 1, Name: "q", Store: s.Queue(1), Clock: clock, Options: Options{DeadLetter: &DeadLetter{}}, Bury: grave.bury})
		q.Open()
		var (
			slab  Slab
			g     Group
			whole *store.Group
		)
		m := slab.Add([]byte("\x00\x01k"), []byte{0, 0}, binary.BigEndian.AppendUint64(nil, 1))
		m.Persistent, m.Expires = true, time.Now().UnixMilli()+100
		g.Publish(q, Publication{Message: m})
		g.Join(func(to *store.Group) { whole = to })
		g.Commit(s.NewGroup, func() {})
		publish(q, &slab, nil, false, 2, 2)
		var got []string
		for range 2 {
			q.Get(&sink{}, true, func(d *Delivery, _ int, ok bool, err error) { got = append(got, gotten(d, ok, err)) })
		}
		sleep(200)
		whole.Waive()
		grave.want(t, "1 expired")
		if want := []string{"2", "empty"}; !slices.Equal(got, want) {
			t.Errorf("answered %v, want %v", got, want)
		}
		clock.Close()
		q.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

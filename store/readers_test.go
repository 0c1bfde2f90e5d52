package store

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/lepusmq/lepus/store/log"
)

// TestReadersGoRound has loads wait for the one reader: they get it upwards
// from where it stands, then again from below.
func TestReadersGoRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := readers{idle: []*log.Reader{{}}}
		first := r.borrow(50)
		order := make(chan log.Position, 10)
		turn := make(chan bool)
		load := func(at log.Position) {
			reader := r.borrow(at)
			order <- at
			<-turn
			r.giveBack(reader)
		}
		for _, at := range []log.Position{70, 10, 60, 20, 90, 50} {
			go load(at)
		}
		synctest.Wait()
		if len(order) != 0 {
			t.Fatal("a reader was lent twice")
		}
		r.giveBack(first)
		var got []log.Position
		for range 6 {
			got = append(got, <-order)
			if len(got) == 3 {
				// One that comes behind what is read now waits for the next round.
				go load(65)
				synctest.Wait()
			}
			turn <- true
		}
		got = append(got, <-order)
		turn <- true
		synctest.Wait()
		if want := []log.Position{50, 60, 70, 90, 10, 20, 65}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if len(r.idle) != 1 || len(r.waiting) != 0 {
			t.Errorf("%d readers are idle, %d loads wait", len(r.idle), len(r.waiting))
		}
	})
}

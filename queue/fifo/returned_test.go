package fifo

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestReturned holds random histories against a list.
func TestReturned(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 4))
		q := returned{inTurn: seed%2 == 0}
		var model []ref
		held := make([]ref, 0, 300) // by a consumer
		for seq := range uint64(300) {
			held = append(held, ref{seq: seq, where: uint32(r.IntN(2) * r.IntN(2))})
		}
		for range 4000 {
			switch n := r.IntN(12); {
			case n < 3 && len(held) > 0: // a run comes back
				from := r.IntN(len(held))
				to := min(len(held), from+1+r.IntN(30))
				for _, f := range held[from:to] {
					q.push(f)
				}
				model = append(model, held[from:to]...)
				held = slices.Delete(held, from, to)
			case n < 5 && len(held) > 0: // one does
				at := r.IntN(len(held))
				q.push(held[at])
				model = append(model, held[at])
				held = slices.Delete(held, at, at+1)
			case n < 6 && len(model) > 0 && r.IntN(4) == 0: // some are put back
				var some []ref
				for range 1 + r.IntN(min(len(model), 20)) {
					some = append(some, q.pop())
				}
				q.putBack(some)
			case n < 11:
				for range 1 + r.IntN(8) {
					if len(model) == 0 {
						break
					}
					at := 0
					if !q.inTurn {
						first := slices.MinFunc(model, func(a, b ref) int { return cmp.Compare(a.seq, b.seq) })
						at = slices.Index(model, first)
					}
					if f := *q.first(); f != model[at] {
						t.Fatalf("seed %d: message %d is first, want %d", seed, f.seq, model[at].seq)
					}
					f := q.pop()
					if f != model[at] {
						t.Fatalf("seed %d: message %d left, want %d", seed, f.seq, model[at].seq)
					}
					model = slices.Delete(model, at, at+1)
					n, _ := slices.BinarySearchFunc(held, f.seq, func(f ref, seq uint64) int { return cmp.Compare(f.seq, seq) })
					held = slices.Insert(held, n, f)
				}
			case r.IntN(100) == 0:
				q.clear()
				held = append(held, model...)
				slices.SortFunc(held, func(a, b ref) int { return cmp.Compare(a.seq, b.seq) })
				model = nil
			}
			if q.len != len(model) {
				t.Fatalf("seed %d: %d messages, want %d", seed, q.len, len(model))
			}
		}
		all := slices.Collect(q.all)
		for _, list := range [...][]ref{all, model} {
			slices.SortFunc(list, func(a, b ref) int { return cmp.Compare(a.seq, b.seq) })
		}
		if !slices.Equal(all, model) {
			t.Fatalf("seed %d: there are %v, want %v", seed, all, model)
		}
	}
}

// TestReturnedIsARun takes back what a consumer had of a long queue.
func TestReturnedIsARun(t *testing.T) {
	for _, inTurn := range []bool{false, true} {
		q := returned{inTurn: inTurn}
		for seq := range uint64(1_000_000) {
			q.push(ref{seq: seq, where: 4})
		}
		if len(q.runs) > 0 {
			t.Errorf("%d runs beside one, want none", len(q.runs))
		}
		for seq := range uint64(1_000_000) {
			if f := q.pop(); f.seq != seq {
				t.Fatalf("message %d left, want %d", f.seq, seq)
			}
		}
	}
}

package fifo

import (
	"math/rand/v2"
	"testing"
)

// TestSlots holds random histories against a map.
func TestSlots(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := slots{few: seed%2 == 0}
		model := map[Slot]ref{}
		seq := uint64(0)
		taken := ref{}
		most := 1 << r.IntN(12)
		for range 20_000 {
			switch n := r.IntN(10); {
			case n < 5 && len(model) < most:
				if seq++; r.IntN(50) == 0 {
					seq += 7
				}
				f := ref{seq: seq, owner: 1}
				if seed%4 > 1 && r.IntN(100) == 0 {
					f.owner, f.where = 2, uint32(seq)
				}
				at := s.put(f)
				if _, used := model[at]; used || at == 0 {
					t.Fatalf("seed %d: message %d was put into slot %d, which is used", seed, seq, at)
				}
				model[at] = f
			case n < 9:
				for at, f := range model { // any
					if _, ok := s.take(at, f.seq+1); ok {
						t.Fatalf("seed %d: slot %d gave away message %d for another", seed, at, f.seq)
					}
					if got, ok := s.take(at, f.seq); !ok || got != f {
						t.Fatalf("seed %d: slot %d has %v, want %v", seed, at, got, f)
					}
					if _, ok := s.take(at, f.seq); ok {
						t.Fatalf("seed %d: slot %d was emptied twice", seed, at)
					}
					delete(model, at)
					taken = f
					break
				}
			default:
				for at, f := range model {
					f.where = taken.where + 4
					s.set(at, f)
					model[at] = f
					break
				}
			}
			if s.len != len(model) {
				t.Fatalf("seed %d: %d messages, want %d", seed, s.len, len(model))
			}
		}
		n := 0
		for at, f := range s.all {
			if n++; model[at] != f || s.get(at) != f {
				t.Fatalf("seed %d: slot %d has %v, want %v", seed, at, f, model[at])
			}
		}
		if n != len(model) {
			t.Fatalf("seed %d: %d messages in the slots, want %d", seed, n, len(model))
		}
		if len(s.pages) > 2*(most/pageSlots+2) {
			t.Errorf("seed %d: %d pages for %d messages at most", seed, len(s.pages), most)
		}
		for at, f := range s.all {
			s.take(at, f.seq)
		}
		if s.len != 0 || s.few && len(s.pages) > 1 {
			t.Errorf("seed %d: %d messages in %d pages at the end", seed, s.len, len(s.pages))
		}
	}
}

// TestSlotsAreRuns gives away a long queue: that takes no tables, also when some of
// it is settled, here and there.
func TestSlotsAreRuns(t *testing.T) {
	const n = 1_000_000
	var s slots
	at := make([]Slot, n)
	for seq := range uint64(n) {
		at[seq] = s.put(ref{seq: seq, owner: 1})
	}
	for seq := uint64(3); seq < n; seq += 7 {
		if _, ok := s.take(at[seq], seq); !ok {
			t.Fatalf("message %d is not there", seq)
		}
	}
	for i := range s.pages {
		if s.pages[i].table != nil {
			t.Fatalf("page %d is no run", i)
		}
	}
	if want := n / pageSlots; len(s.pages) != want {
		t.Errorf("%d pages, want %d", len(s.pages), want)
	}
}

// TestSlotsFollow settles in order, as most consumers do: what is given out next is
// always in the next slot.
func TestSlotsFollow(t *testing.T) {
	const held = 1000
	var s slots
	var at [held]Slot
	broken := 0
	for seq := range uint64(100_000) {
		n := seq % held
		if seq >= held {
			s.take(at[n], seq-held)
		}
		before := at[(n+held-1)%held]
		if at[n] = s.put(ref{seq: seq, owner: 1}); at[n] != before+1 {
			broken++
		}
	}
	if pages := held/pageSlots + 2; len(s.pages) > pages || broken > 100_000/held {
		t.Errorf("%d pages, and %d slots that do not follow", len(s.pages), broken)
	}
}

func BenchmarkSlots(b *testing.B) {
	for name, where := range map[string]uint32{"runs": 0, "tables": 4} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			s := slots{blocks: &Blocks{}}
			var at [128]Slot
			for n := range uint64(b.N) {
				if n >= 100 {
					s.take(at[(n-100)%128], n-100)
				}
				at[n%128] = s.put(ref{seq: n, owner: 1, where: uint32(n*n) * where})
			}
		})
	}
}

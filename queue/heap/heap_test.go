package heap

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

type element struct{ key, seq int }

func (e element) Before(o element) bool { return e.compare(o) < 0 }

func (e element) compare(o element) int {
	return cmp.Or(cmp.Compare(e.key, o.key), cmp.Compare(e.seq, o.seq))
}

// Whatever is pushed between, the least one is popped.
func TestPopsTheLeast(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var h Heap[element]
	var model []element
	for seq := range 20_000 {
		if len(model) == 0 || rng.IntN(2) == 0 {
			e := element{rng.IntN(50), seq}
			h.Push(e)
			model = append(model, e)
			continue
		}
		least := slices.MinFunc(model, element.compare)
		if got := h.Pop(); got != least {
			t.Fatalf("popped %v, want %v", got, least)
		}
		model = slices.DeleteFunc(model, func(e element) bool { return e == least })
	}
	for len(model) > 0 {
		least := slices.MinFunc(model, element.compare)
		if got := h.Pop(); got != least {
			t.Fatalf("popped %v, want %v", got, least)
		}
		model = slices.DeleteFunc(model, func(e element) bool { return e == least })
	}
	if h != nil {
		t.Errorf("an empty heap keeps memory for %d", cap(h))
	}
}

func BenchmarkPopPush(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var h Heap[element]
	for seq := range 20_000 {
		h.Push(element{rng.Int(), seq})
	}
	b.ReportAllocs()
	for b.Loop() {
		e := h.Pop()
		e.key = rng.Int()
		h.Push(e)
	}
}

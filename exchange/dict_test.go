package exchange

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
)

func entriesOf[K comparable, V any](d dict[K, V]) map[K]V {
	m := map[K]V{}
	d.each(func(k K, v V) bool {
		m[k] = v
		return true
	})
	return m
}

// checkDict holds a dict's inner counts and shape against its definition.
func checkDict[K comparable, V any](t *testing.T, n *dictNode[K, V], level int) {
	t.Helper()
	if n == nil {
		return
	}
	if n.kids == nil {
		if n.n != len(n.entries) || n.n == 0 || n.n > leafMax && level < levels {
			t.Fatalf("leaf at level %d has n=%d with %d entries", level, n.n, len(n.entries))
		}
		return
	}
	sum := 0
	for _, k := range n.kids {
		sum += k.n
		checkDict(t, k, level+1)
	}
	if n.n != sum || n.n <= leafMin || len(n.entries) != 0 {
		t.Fatalf("branch at level %d has n=%d, children have %d", level, n.n, sum)
	}
}

func TestDictAgainstMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, space := range []int{3, 30, 3000} {
		d, model := dict[string, int]{}, map[string]int{}
		type version struct {
			d dict[string, int]
			m map[string]int
		}
		var past []version
		for i := range 6000 {
			key := fmt.Sprint(rng.IntN(space))
			if rng.IntN(3+i/2000) > 1 { // grows first, shrinks later
				d = d.del(key)
				delete(model, key)
			} else {
				d = d.set(key, i)
				model[key] = i
			}
			if d.len() != len(model) {
				t.Fatalf("len %d, want %d", d.len(), len(model))
			}
			got, ok := d.get(key)
			want, has := model[key]
			if got != want || ok != has {
				t.Fatalf("get(%q) = %d, %v, want %d, %v", key, got, ok, want, has)
			}
			if i%500 == 0 {
				checkDict(t, d.root, 0)
				past = append(past, version{d, maps.Clone(model)})
			}
		}
		for _, p := range past {
			if !maps.Equal(entriesOf(p.d), p.m) {
				t.Fatal("an old version was changed")
			}
		}
		for key := range model {
			d = d.del(key)
		}
		if d.root != nil {
			t.Fatal("an emptied dict keeps nodes")
		}
	}
}

// Hashes that collide in all bits end in one leaf, below all branches.
func TestDictCollisions(t *testing.T) {
	n := &dictNode[int, int]{n: 1, entries: []dictEntry[int, int]{{42, 0, 0}}}
	for i := 1; i < 40; i++ {
		n = n.set(dictEntry[int, int]{hash: 42, key: i, val: i}, 0)
	}
	checkDict(t, n, 0)
	for i := range 40 {
		if v, ok := n.get(42, i); !ok || v != i {
			t.Fatalf("get(%d) = %d, %v", i, v, ok)
		}
	}
	if _, ok := n.get(42, 40); ok {
		t.Fatal("found what was never set")
	}
	for i := range 40 {
		n = n.del(42, i, 0)
		checkDict(t, n, 0)
	}
	if n != nil {
		t.Fatal("not empty")
	}
}

func TestDictEachStops(t *testing.T) {
	d := dict[int, int]{}
	for i := range 100 {
		d = d.set(i, i)
	}
	calls := 0
	d.each(func(int, int) bool { calls++; return calls < 10 })
	if calls != 10 {
		t.Fatalf("called %d times, want 10", calls)
	}
}

func TestDictDelAbsent(t *testing.T) {
	d := dict[int, int]{}.del(1)
	for i := range 20 {
		d = d.set(i, i)
	}
	if d.del(99).root != d.root {
		t.Fatal("removing what is not there made a copy")
	}
}

func BenchmarkDictGet(b *testing.B) {
	d := dict[string, int]{}
	keys := make([]string, 10000)
	for i := range keys {
		keys[i] = fmt.Sprintf("queue-%d", i)
		d = d.set(keys[i], i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.get(keys[i%len(keys)])
	}
}

func BenchmarkDictSet(b *testing.B) {
	d := dict[string, int]{}
	keys := make([]string, 10000)
	for i := range keys {
		keys[i] = fmt.Sprintf("queue-%d", i)
		d = d.set(keys[i], i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d = d.set(keys[i%len(keys)], i)
	}
}

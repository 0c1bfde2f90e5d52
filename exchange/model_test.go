package exchange

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

// model is a graph as a list of bindings, everything done the long way.
type model struct {
	exchanges map[string]Exchange
	queues    map[string]bool
	bindings  []Binding
}

func (m *model) index(b Binding) int {
	return slices.IndexFunc(m.bindings, func(c Binding) bool {
		return c.Source == b.Source && c.Destination == b.Destination && c.ToExchange == b.ToExchange &&
			c.Key == b.Key && c.Arguments.Equal(b.Arguments)
	})
}

// removeIf removes the bindings for which gone says so, and the auto-delete
// exchanges that have none then, and returns the number of each.
func (m *model) removeIf(gone func(Binding) bool) (bindings, exchanges int) {
	for i := 0; i < len(m.bindings); i++ {
		b := m.bindings[i]
		if !gone(b) {
			continue
		}
		m.bindings = slices.Delete(m.bindings, i, i+1)
		bindings++
		i = -1 // the list may have changed anywhere
		x, there := m.exchanges[b.Source]
		fromX := func(c Binding) bool { return c.Source == x.Name }
		if there && x.AutoDelete && !slices.ContainsFunc(m.bindings, fromX) {
			bs, xs := m.removeExchange(x.Name)
			bindings, exchanges = bindings+bs, exchanges+xs
		}
	}
	return bindings, exchanges
}

func (m *model) removeExchange(name string) (bindings, exchanges int) {
	delete(m.exchanges, name)
	bindings, exchanges = m.removeIf(func(b Binding) bool {
		return b.Source == name || b.ToExchange && b.Destination == name
	})
	return bindings, exchanges + 1
}

// route returns the names of the queues that a message reaches, sorted, and
// whether chance decides which of them.
func (m *model) route(name, key string, headers amqp.Table) (names []string, chance bool) {
	found := map[string]bool{}
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		x, ok := m.exchanges[name]
		if !ok || seen[name] {
			return
		}
		seen[name] = true
		matched := false
		var matching []Binding
		for _, b := range m.bindings {
			if b.Source == name && bindingMatches(x.Type, b, key, headers) {
				matching = append(matching, b)
			}
		}
		switch x.Type {
		case "x-random", LocalRandom:
			chance = chance || len(matching) > 1
		case "x-modulus-hash":
			matching = oneByModulus(matching, key)
		case ConsistentHash:
			matching = oneByWeight(matching, hashOf(key)^hashOf(name), 0)
		}
		for _, b := range matching {
			matched = true
			if b.ToExchange {
				visit(b.Destination)
			} else {
				found[b.Destination] = true
			}
		}
		if v, ok := x.Arguments.Get(AlternateExchange); ok && !matched {
			s, _ := v.Str()
			visit(s)
		}
	}
	visit(name)
	names = []string{}
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, chance
}

func oneByModulus(all []Binding, key string) []Binding {
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(x, y Binding) int { return cmp.Compare(kindAndName(x), kindAndName(y)) })
	at := hashOf(key) % uint64(len(all))
	return all[at : at+1]
}

// kindAndName orders exchanges before queues.
func kindAndName(b Binding) string {
	if b.ToExchange {
		return "0" + b.Destination
	}
	return "1" + b.Destination
}

// oneByWeight looks at all bindings at every level of a trie that there is not.
func oneByWeight(all []Binding, hash uint64, level int) []Binding {
	var groups [32][]Binding
	weights := [32]float64{}
	seen := map[string]bool{}
	for _, b := range all {
		if seen[kindAndName(b)] {
			continue
		}
		seen[kindAndName(b)] = true
		s := newShare(&b)
		slot := s.digest[level] % 32
		groups[slot] = append(groups[slot], b)
		weights[slot] += s.weight
	}
	if len(seen) <= 1 {
		return all[:min(1, len(all))]
	}
	var best []Binding
	longest := math.Inf(-1)
	for slot, group := range groups {
		h := mix(hash ^ (uint64(level)*32+uint64(slot)+1)*0x9e3779b97f4a7c15)
		if straw := math.Log((float64(h>>12)+0.5)/(1<<52)) / weights[slot]; len(group) > 0 && straw > longest {
			best, longest = group, straw
		}
	}
	return oneByWeight(best, hash, level+1)
}

func bindingMatches(typ string, b Binding, key string, headers amqp.Table) bool {
	switch typ {
	case "direct":
		return b.Key == key
	case "topic":
		return matches(wordsOf(b.Key), wordsOf(key))
	case "headers":
		return newWanted(&b).matches(headers)
	}
	return true
}

// types are all types of exchange that the model knows.
var types = []string{"direct", "fanout", "topic", "headers", ConsistentHash, "x-random", LocalRandom, "x-modulus-hash"}

// Random changes to a graph and to the model, which must then route alike and
// lose the same.
func TestGraphAgainstModel(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		m := model{exchanges: map[string]Exchange{}, queues: map[string]bool{}}
		b := newBuild(t)
		exchange := func() string { return fmt.Sprintf("x%d", rng.IntN(6)) }
		queue := func() string { return fmt.Sprintf("q%d", rng.IntN(20)) }
		key := func() string { return []string{"", "a", "b", "a.b", "a.#", "*", "#.b", "1", "2"}[rng.IntN(9)] }
		arguments := func() amqp.Table {
			var args amqp.Table
			for _, name := range []string{"h", "i", "x-h", "x-match"} {
				v := []amqp.Value{amqp.Int32(1), amqp.Int64(1), amqp.Float64(1), amqp.Void(), amqp.String("1"), amqp.Array(), {}}[rng.IntN(7)]
				if name == "x-match" {
					v = amqp.String([]string{"all", "any", "all-with-x", "any-with-x"}[rng.IntN(4)])
				}
				if rng.IntN(2) == 0 {
					args = append(args, field(name, v))
				}
			}
			return args
		}
		binding := func() Binding {
			x := Binding{Source: exchange(), Destination: queue(), Key: key(), Arguments: arguments()}
			if rng.IntN(4) == 0 {
				x.ToExchange, x.Destination = true, exchange()
			}
			return x
		}
		for range 600 {
			switch rng.IntN(12) {
			case 0, 1:
				x := Exchange{Name: exchange(), Type: types[rng.IntN(len(types))], AutoDelete: rng.IntN(2) == 0}
				if rng.IntN(3) == 0 {
					x.Arguments = amqp.Table{field(AlternateExchange, amqp.String(exchange()))}
				}
				if _, ok := m.exchanges[x.Name]; !ok {
					m.exchanges[x.Name] = x
					b.exchange(x)
				}
			case 2, 3:
				if name := queue(); !m.queues[name] {
					m.queues[name] = true
					b.g = b.g.AddQueue(newQueue(name))
				}
			case 4:
				name := queue()
				delete(m.queues, name)
				g, gone := b.g.RemoveQueue(name)
				bs, xs := m.removeIf(func(b Binding) bool { return !b.ToExchange && b.Destination == name })
				b.sameLoss(gone, bs, xs)
				b.g = g
			case 5:
				name := exchange()
				if _, ok := m.exchanges[name]; ok {
					g, gone := b.g.RemoveExchange(name)
					bs, xs := m.removeExchange(name)
					b.sameLoss(gone, bs, xs)
					b.g = g
				}
			case 6, 7:
				x := binding()
				g, gone := b.g.Unbind(x)
				bs, xs := 0, 0
				if i := m.index(x); i >= 0 {
					bs, xs = m.removeIf(func(c Binding) bool { return m.index(c) == m.index(x) })
				}
				b.sameLoss(gone, bs, xs)
				b.g = g
			default:
				x := binding()
				_, source := m.exchanges[x.Source]
				_, to := m.exchanges[x.Destination]
				if source && (to || m.queues[x.Destination]) && checkBinding(m.exchanges[x.Source].Type, &x) == nil {
					b.binding(x)
					if m.index(x) < 0 {
						m.bindings = append(m.bindings, x)
					}
				}
			}
			if name := exchange(); b.g.Exchange(name) != nil {
				k, headers := key(), arguments()
				got := b.route(name, k, headers...)
				want, chance := m.route(name, k, headers)
				if chance { // want is all that there is to choose from
					want = slices.DeleteFunc(want, func(name string) bool { return !slices.Contains(got, name) })
				}
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d: %q with key %q went to %q, want %q", seed, name, k, got, want)
				}
			}
			if err := b.g.Check(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		n := 0
		b.g.EachExchange(func(x *Exchange) bool {
			x.EachBinding(func(*Binding) bool { n++; return true })
			return true
		})
		if n != len(m.bindings) {
			t.Fatalf("seed %d: %d bindings, want %d", seed, n, len(m.bindings))
		}
	}
}

func (b *build) sameLoss(gone Removed, bindings, exchanges int) {
	b.t.Helper()
	if len(gone.Bindings) != bindings || len(gone.Exchanges) != exchanges {
		b.t.Fatalf("%d bindings and %d exchanges went, want %d and %d",
			len(gone.Bindings), len(gone.Exchanges), bindings, exchanges)
	}
}

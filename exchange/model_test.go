package exchange

import (
	"fmt"
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

func (m *model) route(name, key string, headers amqp.Table) []string {
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
		for _, b := range m.bindings {
			if b.Source != name || !bindingMatches(x.Type, b, key, headers) {
				continue
			}
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
	names := []string{}
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
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

// Random changes to a graph and to the model, which must then route alike and
// lose the same.
func TestGraphAgainstModel(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		m := model{exchanges: map[string]Exchange{}, queues: map[string]bool{}}
		b := newBuild(t)
		exchange := func() string { return fmt.Sprintf("x%d", rng.IntN(6)) }
		queue := func() string { return fmt.Sprintf("q%d", rng.IntN(20)) }
		key := func() string { return []string{"", "a", "b", "a.b", "a.#", "*", "#.b"}[rng.IntN(7)] }
		arguments := func() amqp.Table {
			return []amqp.Table{nil, {field("h", amqp.Int32(1))}, {field("h", amqp.Int32(2))}}[rng.IntN(3)]
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
				x := Exchange{Name: exchange(), Type: []string{"direct", "fanout", "topic", "headers"}[rng.IntN(4)], AutoDelete: rng.IntN(2) == 0}
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
				if source && (to || m.queues[x.Destination]) {
					b.binding(x)
					if m.index(x) < 0 {
						m.bindings = append(m.bindings, x)
					}
				}
			}
			if name := exchange(); b.g.Exchange(name) != nil {
				k, headers := key(), arguments()
				if got, want := b.route(name, k, headers...), m.route(name, k, headers); !slices.Equal(got, want) {
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

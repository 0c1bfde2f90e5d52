package exchange

import "fmt"

// Check returns an error that names a broken invariant of the graph. It looks
// at everything: for tests and fixtures.
func (g *Graph) Check() error {
	bindings := 0
	err := error(nil)
	g.EachExchange(func(x *Exchange) bool {
		n := 0
		x.EachBinding(func(b *Binding) bool {
			n++
			if err = g.checkBinding(x, b); err != nil {
				return false
			}
			return true
		})
		if err == nil && n != x.outgoing {
			err = fmt.Errorf("exchange %q counts %d bindings and has %d", x.Name, x.outgoing, n)
		}
		bindings += n
		return err == nil
	})
	if err != nil {
		return err
	}
	incoming := 0
	g.EachExchange(func(x *Exchange) bool {
		incoming += x.incoming.len()
		return true
	})
	g.queues.each(func(_ string, t *target) bool {
		incoming += t.incoming.len()
		return true
	})
	if incoming != bindings {
		return fmt.Errorf("%d bindings leave exchanges, %d arrive", bindings, incoming)
	}
	return nil
}

func (g *Graph) checkBinding(x *Exchange, b *Binding) error {
	switch {
	case b.Source != x.Name:
		return fmt.Errorf("exchange %q has a binding from %q", x.Name, b.Source)
	case g.Find(b) != b:
		return fmt.Errorf("%q does not know of a binding from %q with key %q", b.Destination, x.Name, b.Key)
	case !b.ToExchange && g.Queue(b.Destination) != b.end.queue:
		return fmt.Errorf("a binding from %q leads to a queue %q of the past", x.Name, b.Destination)
	}
	return nil
}

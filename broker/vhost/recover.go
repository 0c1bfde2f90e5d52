package vhost

import (
	"encoding/json"
	"fmt"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/store"
)

// recovery is a vhost that is being brought back.
type recovery struct {
	*VHost
	graph     *exchange.Graph
	matching  *matching
	exchanges map[uint64]string // names by the number of the definition
	queues    map[uint64]string
	parts     map[uint64]*parts // whose owner was not found yet, by that
	isPart    map[uint64]bool   // definitions that are no queue
}

// Recover brings back what the definitions of a store define in this vhost;
// those of others are passed over. It is called once, before anything else.
func (v *VHost) Recover(defs []store.Definition) error {
	if err := v.recoverPolicies(defs); err != nil {
		return err
	}
	r := recovery{
		VHost: v, graph: v.graph.Load(), matching: v.matching(v.policies.Load()),
		exchanges: map[uint64]string{}, queues: map[uint64]string{},
		parts: map[uint64]*parts{}, isPart: map[uint64]bool{},
	}
	if err := r.findParts(defs); err != nil {
		return err
	}
	for i := range defs {
		d := &defs[i]
		if !v.mine(d) || d.Kind == store.KindQueue && r.isPart[d.ID] {
			continue
		}
		var err error
		switch d.Kind {
		case store.KindExchange:
			err = r.exchange(d)
		case store.KindQueue:
			err = r.queue(d)
		case store.KindBinding:
			err = r.binding(d)
		}
		if err != nil {
			return fmt.Errorf("vhost %q: definition %d: %w", v.name, d.ID, err)
		}
	}
	r.dropOrphans()
	v.publish(r.graph)
	v.applyToExchanges(r.matching) // to those that were there before
	v.recoverMemories()
	for _, w := range v.waitings() {
		w.recover()
	}
	for _, e := range v.entries() {
		e.queue.Open()
	}
	return nil
}

func (r *recovery) exchange(d *store.Definition) error {
	var def exchangeDefinition
	if err := json.Unmarshal(d.Value, &def); err != nil {
		return fmt.Errorf("decode exchange: %w", err)
	}
	args, err := decodeTable(def.Arguments)
	if err != nil {
		return fmt.Errorf("decode exchange %q: %w", def.Name, err)
	}
	x := exchange.Exchange{
		Name: string(def.Name), Type: def.Type, Durable: true,
		AutoDelete: def.AutoDelete, Internal: def.Internal, Arguments: args, User: def.User, ID: d.ID,
		Alternate: r.matching.alternate(string(def.Name)),
	}
	if r.parts[d.ID] != nil {
		r.VHost.parts[d.ID] = r.claim(d.ID)
	}
	if w := r.newWaiting(&x); w != nil {
		x.Delay = w
	}
	x.Memory, x.Flow = r.newMemory(&x), newFlow(x.Name)
	next, err := r.graph.AddExchange(x)
	if err != nil {
		return fmt.Errorf("exchange %q of type %q: %w", def.Name, def.Type, err)
	}
	r.graph = next
	r.exchanges[d.ID] = string(def.Name)
	return nil
}

func (r *recovery) queue(d *store.Definition) error {
	var def queueDefinition
	if err := json.Unmarshal(d.Value, &def); err != nil {
		return fmt.Errorf("decode queue: %w", err)
	}
	args, err := decodeTable(def.Arguments)
	if err != nil {
		return fmt.Errorf("decode queue %q: %w", def.Name, err)
	}
	spec := QueueSpec{Name: string(def.Name), AutoDelete: def.AutoDelete, Arguments: args}
	if r.VHost.queues[spec.Name] != nil {
		return fmt.Errorf("queue %q is defined twice", def.Name)
	}
	e := &entry{autoDelete: def.AutoDelete, args: args, parts: r.claim(d.ID)}
	e.applied = r.matching.match(spec.Name, e.scope())
	e.queue = r.newQueue(d.ID, &spec, e)
	e.queue.Recover(e.parts.all())
	r.VHost.queues[spec.Name] = e
	r.graph = r.graph.AddQueue(e.queue)
	r.queues[d.ID] = spec.Name
	return nil
}

// binding brings back a binding. One that leads nowhere is none: the log says
// so, and nothing else depends on it.
func (r *recovery) binding(d *store.Definition) error {
	var def bindingDefinition
	if err := json.Unmarshal(d.Value, &def); err != nil {
		return fmt.Errorf("decode binding: %w", err)
	}
	args, err := decodeTable(def.Arguments)
	if err != nil {
		return fmt.Errorf("decode binding: %w", err)
	}
	x := exchange.Binding{
		Source: r.name(def.From), Destination: r.queues[def.Queue], Key: string(def.Key), Arguments: args, ID: d.ID,
	}
	if def.Queue == 0 {
		x.ToExchange, x.Destination = true, r.name(def.To)
	}
	next, err := r.graph.Bind(x)
	if err != nil || x.Source == "" || x.ToExchange && x.Destination == "" {
		r.log.Error("dropped a binding without its ends", zap.Uint64("definition", d.ID), zap.ByteString("value", d.Value))
		return nil
	}
	r.graph = next
	return nil
}

// name returns the name of an exchange, which is empty if it is not there.
func (r *recovery) name(ref exchangeRef) string {
	if ref.ID != 0 {
		return r.exchanges[ref.ID]
	}
	return ref.Name
}

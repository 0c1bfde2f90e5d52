package broker

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/parameter"
	"github.com/lepusmq/lepus/store"
)

// ErrNoParameter is the end of a parameter that there is not.
var ErrNoParameter = errors.New("no such parameter")

// maxParameter bounds the value of a parameter, in bytes.
const maxParameter = 256 << 10

// globalComponent is the component of the parameters that belong to the broker
// as a whole: that of no virtual host.
const globalComponent = "global"

// parameters are the runtime parameters that there are. Whoever changes them
// holds Broker.admin.
type parameters struct {
	// immutable after New
	components map[string]parameter.Component

	// guarded by mu
	mu  sync.RWMutex
	all map[parameter.Key]kept
}

// kept is a parameter and the number of its definition.
type kept struct {
	parameter.Parameter
	id uint64
}

// SetParameter gives a value to a component, under a name. When it returns the
// value is durable and in force. Errors: ErrNoVHost, [parameter.Invalid].
func (b *Broker) SetParameter(component, vhost, name string, value json.RawMessage) error {
	return b.SetParameterAs("", component, vhost, name, value)
}

// SetParameterAs is SetParameter for a user, who must be allowed what the
// parameter has the broker do by itself.
func (b *Broker) SetParameterAs(user, component, vhost, name string, value json.RawMessage) error {
	p := parameter.Parameter{Component: component, VHost: vhost, Name: name, Value: slices.Clone(value)}
	if len(value) > maxParameter {
		return parameter.Invalid(fmt.Sprintf("the value of %s has %d bytes, %d are the most", name, len(value), maxParameter))
	}
	if m, ok := b.mirrors()[component]; ok {
		return m.set(p)
	}
	c := b.parameters.components[component]
	if c == nil {
		return parameter.Invalid(fmt.Sprintf("component %s not found", component))
	}
	return b.administer(func() error {
		if _, err := b.find(vhost); err != nil {
			return err
		}
		if err := c.Validate(user, p); err != nil {
			return fmt.Errorf("%s %q in virtual host %q: %w", component, name, vhost, err)
		}
		if err := b.keep(p); err != nil {
			return err
		}
		b.log.Info("parameter set", zap.String("component", component), zap.String("vhost", vhost), zap.String("name", name))
		c.Set(p)
		return nil
	})
}

// ClearParameter takes it away again. Errors: ErrNoParameter.
func (b *Broker) ClearParameter(component, vhost, name string) error {
	if m, ok := b.mirrors()[component]; ok {
		return m.clear(vhost, name)
	}
	return b.administer(func() error {
		key := parameter.Key{Component: component, VHost: vhost, Name: name}
		if err := b.forget(key); err != nil {
			return err
		}
		b.log.Info("parameter cleared", zap.String("component", component), zap.String("vhost", vhost), zap.String("name", name))
		b.parameters.components[component].Clear(key)
		return nil
	})
}

// Parameters returns the parameters of a component in a virtual host, sorted;
// either may be empty for all. Errors: ErrNoVHost.
func (b *Broker) Parameters(component, vhost string) ([]parameter.Parameter, error) {
	hosts, err := b.hosts(vhost)
	if err != nil {
		return nil, err
	}
	found := b.parameters.where(func(k parameter.Key) bool {
		return k.Component != globalComponent &&
			(component == "" || k.Component == component) && (vhost == "" || k.VHost == vhost)
	})
	for name, m := range b.mirrors() {
		if component != "" && component != name {
			continue
		}
		for _, h := range hosts {
			found = append(found, m.list(h)...)
		}
	}
	slices.SortFunc(found, compareParameters)
	return found, nil
}

func compareParameters(x, y parameter.Parameter) int {
	return cmp.Or(cmp.Compare(x.Component, y.Component), cmp.Compare(x.VHost, y.VHost), cmp.Compare(x.Name, y.Name))
}

// keep makes a parameter durable and puts it in its place. Called with admin
// held.
func (b *Broker) keep(p parameter.Parameter) error {
	value, err := json.Marshal(p)
	if err != nil {
		return parameter.Invalid("not_json")
	}
	id := b.parameters.id(p.Key())
	if id == 0 {
		id = b.store.NewID()
	}
	if err := b.define(store.Definition{Kind: store.KindParameter, ID: id, Value: value}); err != nil {
		return err
	}
	b.parameters.put(p, id)
	b.parameterSet(p)
	return nil
}

// forget is the end of a parameter that was kept. Called with admin held.
func (b *Broker) forget(key parameter.Key) error {
	id := b.parameters.id(key)
	if id == 0 {
		return fmt.Errorf("parameter %q of %s: %w", key.Name, key.Component, ErrNoParameter)
	}
	b.parameters.remove(key)
	b.parameterCleared(key)
	return b.define(store.Definition{Kind: store.KindParameter, ID: id, Deleted: true})
}

func (b *Broker) restoreParameter(d store.Definition) error {
	var p parameter.Parameter
	if err := json.Unmarshal(d.Value, &p); err != nil {
		return fmt.Errorf("decode parameter: %w", err)
	}
	b.parameters.put(p, d.ID)
	return nil
}

// startParameters tells the components of what was restored. One that is no
// longer what its component wants stays, and is named in the log.
func (b *Broker) startParameters() {
	for _, p := range b.parameters.where(func(k parameter.Key) bool { return k.Component != globalComponent }) {
		c := b.parameters.components[p.Component]
		if c == nil {
			continue
		}
		if err := c.Validate("", p); err != nil {
			b.log.Error("a parameter is not what it should be, it has no effect", zap.String("component", p.Component),
				zap.String("vhost", p.VHost), zap.String("name", p.Name), zap.Error(err))
			continue
		}
		c.Set(p)
	}
}

// withoutParameters takes the parameters of a virtual host away, and returns the
// definitions that say so. Called with admin held.
func (b *Broker) withoutParameters(vhost string) []store.Definition {
	var defs []store.Definition
	for _, p := range b.parameters.where(func(k parameter.Key) bool { return k.VHost == vhost && k.Component != globalComponent }) {
		key := p.Key()
		defs = append(defs, store.Definition{Kind: store.KindParameter, ID: b.parameters.id(key), Deleted: true})
		b.parameters.remove(key)
		if c := b.parameters.components[p.Component]; c != nil {
			c.Clear(key)
		}
	}
	return defs
}

func (t *parameters) put(p parameter.Parameter, id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all[p.Key()] = kept{p, id}
}

func (t *parameters) remove(k parameter.Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, k)
}

// id returns the number of a parameter's definition, 0 if there is none.
func (t *parameters) id(k parameter.Key) uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.all[k].id
}

func (t *parameters) get(k parameter.Key) (parameter.Parameter, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	one, ok := t.all[k]
	return one.Parameter, ok
}

// where returns some of the parameters, sorted.
func (t *parameters) where(wanted func(parameter.Key) bool) []parameter.Parameter {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var found []parameter.Parameter
	for k := range maps.Keys(t.all) {
		if wanted(k) {
			found = append(found, t.all[k].Parameter)
		}
	}
	slices.SortFunc(found, compareParameters)
	return found
}

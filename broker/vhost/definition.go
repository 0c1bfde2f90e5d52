package vhost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/exchange"
	"github.com/lepusmq/lepus/store"
)

// How durable objects are recorded. Names and keys need not be text, so that
// JSON has them in base64; arguments are as on the wire.

type exchangeDefinition struct {
	VHost      uint64 `json:"vhost"` // first in every definition: see mine
	Name       []byte `json:"name"`
	Type       string `json:"type"`
	AutoDelete bool   `json:"auto_delete,omitempty"`
	Internal   bool   `json:"internal,omitempty"`
	Arguments  []byte `json:"arguments,omitempty"`
	User       string `json:"user,omitempty"`
}

type queueDefinition struct {
	VHost      uint64 `json:"vhost"`
	Name       []byte `json:"name"`
	AutoDelete bool   `json:"auto_delete,omitempty"`
	Arguments  []byte `json:"arguments,omitempty"`
}

// partDefinition is a part of the store that a queue or an exchange has beside
// its own. It has the kind of a queue.
type partDefinition struct {
	VHost uint64 `json:"vhost"`
	Owner uint64 `json:"part_of"` // the owner's definition
	Key   uint64 `json:"key"`
}

type bindingDefinition struct {
	VHost     uint64      `json:"vhost"`
	From      exchangeRef `json:"from"`
	Queue     uint64      `json:"queue,omitempty"`
	To        exchangeRef `json:"to,omitzero"` // if the destination is no queue
	Key       []byte      `json:"key,omitempty"`
	Arguments []byte      `json:"arguments,omitempty"`
}

type policyDefinition struct {
	VHost      uint64          `json:"vhost"`
	Operator   bool            `json:"operator,omitempty"`
	Name       []byte          `json:"name"`
	Pattern    []byte          `json:"pattern"`
	ApplyTo    string          `json:"apply_to"`
	Priority   int             `json:"priority,omitempty"`
	Definition json.RawMessage `json:"definition"`
}

// exchangeRef names an exchange by the number of its definition, or one that is
// in every vhost, and cannot be deleted, by its name.
type exchangeRef struct {
	ID   uint64 `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// encode makes the value of a definition.
func encode(definition any) []byte {
	b, err := json.Marshal(definition)
	if err != nil {
		panic(fmt.Sprintf("vhost: a definition cannot be encoded: %v", err)) // it has no such fields
	}
	return b
}

// mine reports whether a definition is one of this vhost, by how it begins.
func (v *VHost) mine(d *store.Definition) bool {
	return bytes.HasPrefix(d.Value, []byte(`{"vhost":`+strconv.FormatUint(v.id, 10)+`,`))
}

func (v *VHost) encodeExchange(x *exchange.Exchange) []byte {
	return encode(exchangeDefinition{
		VHost: v.id, Name: []byte(x.Name), Type: x.Type,
		AutoDelete: x.AutoDelete, Internal: x.Internal, Arguments: encodeTable(x.Arguments), User: x.User,
	})
}

func (v *VHost) encodeQueue(spec *QueueSpec) []byte {
	return encode(queueDefinition{
		VHost: v.id, Name: []byte(spec.Name),
		AutoDelete: spec.AutoDelete, Arguments: encodeTable(spec.Arguments),
	})
}

func (v *VHost) encodePolicy(kind policyKind, p *policy) []byte {
	return encode(policyDefinition{
		VHost: v.id, Operator: kind == operatorPolicy,
		Name: []byte(p.Name), Pattern: []byte(p.Pattern), ApplyTo: p.ApplyTo, Priority: p.Priority,
		Definition: encode(p.Definition),
	})
}

// encodeBinding encodes a binding between objects of the graph. The caller holds
// the lock.
func (v *VHost) encodeBinding(g *exchange.Graph, x *exchange.Binding) []byte {
	d := bindingDefinition{
		VHost: v.id, From: refTo(g, x.Source), Key: []byte(x.Key), Arguments: encodeTable(x.Arguments),
	}
	if x.ToExchange {
		d.To = refTo(g, x.Destination)
	} else {
		d.Queue = v.queues[x.Destination].queue.ID()
	}
	return encode(d)
}

func refTo(g *exchange.Graph, name string) exchangeRef {
	if id := g.Exchange(name).ID; id != 0 {
		return exchangeRef{ID: id}
	}
	return exchangeRef{Name: name}
}

func encodeTable(t amqp.Table) []byte {
	if len(t) == 0 {
		return nil
	}
	return t.Append(nil)
}

func decodeTable(b []byte) (amqp.Table, error) {
	if len(b) == 0 {
		return nil, nil
	}
	t, _, err := amqp.ParseTable(b)
	if err != nil {
		return nil, fmt.Errorf("arguments: %w", err)
	}
	return t, nil
}

package exchange

import (
	"strconv"
	"strings"

	"github.com/lepusmq/lepus/amqp"
)

// ConsistentHash is the type of exchange that spreads messages over its
// destinations by a hash of the routing key, a header or a property. The keys of
// its bindings are weights.
const ConsistentHash = "x-consistent-hash"

const (
	hashHeader   = "hash-header"
	hashProperty = "hash-property"
	maxWeight    = 10000
)

// consistent is its table. Each destination counts once, with its first
// binding.
type consistent struct {
	by     hashedBy
	salt   uint64 // so that exchanges in a row do not all decide alike
	all    dict[destination, bag]
	shares *share
}

// destination is where bindings lead.
type destination struct {
	name       string
	toExchange bool
}

// hashedBy says what of a message is hashed: the routing key, unless it names a
// header or a property.
type hashedBy struct {
	header, property string
	hasHeader        bool
}

func newConsistent(x *Exchange) table {
	t := consistent{salt: hashOf(x.Name)}
	if v, ok := x.Arguments.Get(hashHeader); ok {
		t.by.header, t.by.hasHeader = v.Str()
	}
	if v, ok := x.Arguments.Get(hashProperty); ok {
		t.by.property, _ = v.Str()
	}
	return t
}

// checkHashArguments returns an *amqp.Error if an exchange that hashes cannot
// have these arguments.
func checkHashArguments(vhost string, x *Exchange) error {
	header, hasHeader := x.Arguments.Get(hashHeader)
	property, hasProperty := x.Arguments.Get(hashProperty)
	name, isText := property.Str()
	if _, ok := header.Str(); hasHeader && !ok {
		return amqp.WrongExchangeArgType(vhost, x.Name, hashHeader, header)
	}
	switch {
	case hasProperty && !isText:
		return amqp.WrongExchangeArgType(vhost, x.Name, hashProperty, property)
	case hasHeader && hasProperty:
		return amqp.HashArgumentsConflict()
	case !hasProperty:
		return nil
	}
	switch name {
	case "correlation_id", "message_id", "timestamp":
		return nil
	}
	return amqp.UnsupportedHashProperty(name)
}

// checkWeight returns an *amqp.Error if the key of a binding is no weight.
func checkWeight(key string) error {
	n, err := strconv.Atoi(key)
	switch {
	case err != nil && n == 0:
		return amqp.NoWeight(key)
	case n < 1: // or below all integers
		return amqp.WeightTooSmall()
	case n > maxWeight:
		return amqp.WeightTooLarge(maxWeight)
	}
	return nil
}

func (t consistent) add(b *Binding) table {
	to := destination{b.Destination, b.ToExchange}
	same, _ := t.all.get(to)
	if same.len() == 0 {
		t.shares = t.shares.add(newShare(b))
	}
	t.all = t.all.set(to, same.set(b.seq, b))
	return t
}

func (t consistent) remove(b *Binding) table {
	to := destination{b.Destination, b.ToExchange}
	same, _ := t.all.get(to)
	first := firstOf(same)
	if same = same.del(b.seq); same.len() == 0 {
		t.all = t.all.del(to)
	} else {
		t.all = t.all.set(to, same)
	}
	if b == first {
		t.shares = t.shares.remove(newShare(b))
		if next := firstOf(same); next != nil {
			t.shares = t.shares.add(newShare(next))
		}
	}
	return t
}

// firstOf returns the oldest binding of a bag, nil if it is empty.
func firstOf(all bag) *Binding {
	var first *Binding
	all.each(func(seq uint64, b *Binding) bool {
		if first == nil || seq < first.seq {
			first = b
		}
		return true
	})
	return first
}

func (t consistent) each(f func(*Binding) bool) {
	t.all.each(func(_ destination, same bag) bool { return eachOf(same, f) })
}

func (t consistent) route(g *Graph, r *Result) {
	if t.shares != nil {
		r.follow(g, t.shares.pick(t.by.hash(r)^t.salt))
	}
}

// hash returns the hash of what counts of the message. All messages without it
// have the same.
func (by *hashedBy) hash(r *Result) uint64 {
	switch {
	case by.hasHeader:
		v, ok := r.table().Get(by.header)
		if !ok {
			return 0
		}
		return hashOf(textOf(v))
	case by.property != "":
		return by.hashProperty(r)
	}
	return hashOf(r.key)
}

func (by *hashedBy) hashProperty(r *Result) uint64 {
	r.once = true
	p, err := amqp.ParseProperties(r.Properties)
	switch {
	case err != nil:
		return 0
	case by.property == "correlation_id" && p.Flags&amqp.HasCorrelationID != 0:
		return hashOf(p.CorrelationID)
	case by.property == "message_id" && p.Flags&amqp.HasMessageID != 0:
		return hashOf(p.MessageID)
	case by.property == "timestamp" && p.Flags&amqp.HasTimestamp != 0:
		return hashOf(strconv.FormatInt(int64(p.Timestamp), 10))
	}
	return 0
}

// textOf returns a text that is the same for equivalent values.
func textOf(v amqp.Value) string {
	if s, ok := v.Str(); ok {
		return s
	}
	if n, ok := v.Int(); ok {
		return strconv.FormatInt(n, 10)
	}
	if f, ok := v.Float(); ok {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strings.Clone(v.Text())
}

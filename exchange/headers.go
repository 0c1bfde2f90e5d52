package exchange

import (
	"strings"

	"github.com/lepusmq/lepus/amqp"
)

// headers compares the arguments of bindings with the headers of the message.
type headers struct {
	all dict[uint64, *wanted]
}

// wanted is a binding, and what it wants of the headers.
type wanted struct {
	binding *Binding
	fields  amqp.Table // the arguments that count
	one     bool       // one of them is enough
}

// matchArgument says how the arguments of a binding are compared.
const matchArgument = "x-match"

// checkBinding returns an *amqp.Error if an exchange of the type cannot have a
// binding with these arguments.
func checkBinding(typ string, args amqp.Table) error {
	if typ != "headers" {
		return nil
	}
	v, ok := args.Get(matchArgument)
	if !ok {
		return nil
	}
	if v.Tag() == amqp.String("").Tag() {
		switch s, _ := v.Str(); s {
		case "all", "any", "all-with-x", "any-with-x":
			return nil
		}
	}
	return amqp.BadMatch(v)
}

func newWanted(b *Binding) *wanted {
	v, _ := b.Arguments.Get(matchArgument)
	kind, _ := v.Str()
	kind, withX := strings.CutSuffix(kind, "-with-x")
	w := &wanted{binding: b, one: kind == "any"}
	for _, f := range b.Arguments {
		if f.Key != matchArgument && (withX || !strings.HasPrefix(f.Key, "x-")) {
			w.fields = append(w.fields, f)
		}
	}
	return w
}

// matches reports whether the headers of a message are what is wanted: all
// fields, or one of them. No fields are all of them, but not one of them.
func (w *wanted) matches(message amqp.Table) bool {
	for _, f := range w.fields {
		v, ok := message.Get(f.Key)
		if (ok && sameHeader(f.Value, v)) == w.one {
			return w.one
		}
	}
	return !w.one
}

// sameHeader reports whether a header is as a binding wants it. A void value
// wants any; a table or an array is like no other.
func sameHeader(want, got amqp.Value) bool {
	if want.IsVoid() {
		return true
	}
	if _, ok := want.Table(); ok {
		return false
	}
	if _, ok := want.Array(); ok {
		return false
	}
	return want.Equivalent(got)
}

func (t headers) add(b *Binding) table    { return headers{t.all.set(b.seq, newWanted(b))} }
func (t headers) remove(b *Binding) table { return headers{t.all.del(b.seq)} }

func (t headers) each(f func(*Binding) bool) {
	t.all.each(func(_ uint64, w *wanted) bool { return f(w.binding) })
}

func (t headers) route(g *Graph, r *Result) {
	message := r.table()
	t.all.each(func(_ uint64, w *wanted) bool {
		if w.matches(message) {
			r.follow(g, w.binding)
		}
		return true
	})
}

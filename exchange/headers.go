package exchange

import (
	"strings"

	"github.com/lepusmq/lepus/amqp"
)

// headers compares the arguments of bindings with the headers of the message.
//
// A binding that wants one of several headers is found by any of them, and one
// that wants all by that which the fewest others were found by when it was made.
// How many others there are does not matter then.
type headers struct {
	all     dict[uint64, *wanted]
	values  dict[headerValue, wantedBag] // found by a header with its value
	present dict[string, wantedBag]      // found by a header, whatever its value
	always  wantedBag                    // those that want nothing
}

// wantedBag is some of the bindings, by their seq.
type wantedBag = dict[uint64, *wanted]

// headerValue is a header with its value.
type headerValue struct {
	name  string
	value amqp.ValueKey
}

// wanted is a binding, and what it wants of the headers.
type wanted struct {
	binding *Binding
	fields  amqp.Table   // the arguments that count
	one     bool         // one of them is enough
	by      []amqp.Field // the fields it is found by
}

// matchArgument says how the arguments of a binding are compared.
const matchArgument = "x-match"

// checkMatch returns an *amqp.Error if a headers exchange cannot have a binding
// with these arguments.
func checkMatch(args amqp.Table) error {
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
	return matchable(want) && want.Equivalent(got)
}

// comparable reports whether a header can be like the value.
func matchable(want amqp.Value) bool {
	_, isTable := want.Table()
	_, isArray := want.Array()
	return !isTable && !isArray
}

func (t headers) add(b *Binding) table {
	w := newWanted(b)
	w.by = t.chosen(w)
	t.all = t.all.set(b.seq, w)
	return t.with(w, func(found wantedBag) wantedBag { return found.set(b.seq, w) })
}

func (t headers) remove(b *Binding) table {
	w, _ := t.all.get(b.seq)
	t.all = t.all.del(b.seq)
	return t.with(w, func(found wantedBag) wantedBag { return found.del(b.seq) })
}

// chosen returns the fields by which a binding is to be found. One that wants
// what no message can have is not.
func (t headers) chosen(w *wanted) []amqp.Field {
	var by []amqp.Field
	fewest := -1
	for _, f := range w.fields {
		n := t.found(f).len()
		switch {
		case w.one:
			if matchable(f.Value) {
				by = append(by, f)
			}
		case !matchable(f.Value):
			return nil
		case fewest < 0 || n < fewest:
			by, fewest = append(by[:0], f), n
		}
	}
	return by
}

// found returns the bindings that are found by a field.
func (t headers) found(f amqp.Field) wantedBag {
	var found wantedBag
	if f.Value.IsVoid() {
		found, _ = t.present.get(f.Key)
	} else {
		found, _ = t.values.get(headerValue{f.Key, f.Value.Key()})
	}
	return found
}

// with returns the table with the places changed where a binding is found.
func (t headers) with(w *wanted, change func(wantedBag) wantedBag) headers {
	if len(w.fields) == 0 && !w.one {
		t.always = change(t.always)
	}
	for _, f := range w.by {
		next := change(t.found(f))
		key := headerValue{f.Key, f.Value.Key()}
		switch void := f.Value.IsVoid(); {
		case void && next.len() > 0:
			t.present = t.present.set(f.Key, next)
		case void:
			t.present = t.present.del(f.Key)
		case next.len() > 0:
			t.values = t.values.set(key, next)
		default:
			t.values = t.values.del(key)
		}
	}
	return t
}

func (t headers) each(f func(*Binding) bool) {
	t.all.each(func(_ uint64, w *wanted) bool { return f(w.binding) })
}

func (t headers) route(g *Graph, r *Result) {
	message := r.table()
	r.followWanted(g, t.always, message)
	for _, f := range message {
		if found, ok := t.present.get(f.Key); ok {
			r.followWanted(g, found, message)
		}
		if found, ok := t.values.get(headerValue{f.Key, f.Value.Key()}); ok {
			r.followWanted(g, found, message)
		}
	}
}

// followWanted takes the message where those bindings lead that want it.
func (r *Result) followWanted(g *Graph, found wantedBag, message amqp.Table) {
	found.each(func(_ uint64, w *wanted) bool {
		if w.matches(message) {
			r.follow(g, w.binding)
		}
		return true
	})
}

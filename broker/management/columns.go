package management

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/lepusmq/lepus/amqp"
)

// columnsOf reads which columns are wanted, with commas between them and dots in
// them; nil is all.
func columnsOf(wanted string) []string {
	if wanted == "" {
		return nil
	}
	return strings.Split(wanted, ",")
}

// pick returns a row with only the columns that are wanted.
func pick(row object, columns []string) object {
	if len(columns) == 0 {
		return row
	}
	picked := object{}
	for _, c := range columns {
		pickOne(picked, row, c)
	}
	return picked
}

func pickOne(to, from object, column string) {
	if v, ok := from[column]; ok {
		to[column] = v
		return
	}
	head, rest, dotted := strings.Cut(column, ".")
	inner, ok := asObject(from[head])
	if !dotted || !ok {
		return
	}
	into, ok := to[head].(object)
	if !ok {
		into = object{}
	}
	pickOne(into, inner, rest)
	if len(into) > 0 {
		to[head] = into
	}
}

// asObject returns a value that has columns of its own.
func asObject(v any) (object, bool) {
	switch v := v.(type) {
	case object:
		return v, true
	case json.Marshaler: // a table
		text, err := v.MarshalJSON()
		var o object
		return o, err == nil && json.Unmarshal(text, &o) == nil
	}
	return nil, false
}

// at returns what is at a path in a row, nil if there is nothing.
func at(row object, path []string) any {
	var v any = row
	for _, key := range path {
		o, ok := asObject(v)
		if !ok {
			return nil
		}
		v = o[key]
	}
	return v
}

// sortKey is what a value of a column is ordered by: nothing, booleans, numbers, texts.
type sortKey struct {
	kind   int
	number float64
	text   string
}

func numberKey(n float64) sortKey { return sortKey{kind: 2, number: n} }

// compare is called for each of 100,000 rows several times.
func (k *sortKey) compare(o *sortKey) int {
	if k.kind != o.kind {
		return cmp.Compare(k.kind, o.kind)
	}
	if k.number != o.number {
		return cmp.Compare(k.number, o.number)
	}
	return strings.Compare(k.text, o.text)
}

// valueKey is that of an argument.
func valueKey(v amqp.Value) sortKey {
	if n, ok := v.Int(); ok {
		return numberKey(float64(n))
	}
	if b, ok := v.Bool(); ok {
		return keyOf(b)
	}
	text, ok := v.Str()
	if !ok {
		return sortKey{}
	}
	return keyOf(text)
}

func keyOf(v any) sortKey {
	switch v := v.(type) {
	case bool:
		if v {
			return sortKey{kind: 1, number: 1}
		}
		return sortKey{kind: 1}
	case int:
		return numberKey(float64(v))
	case int64:
		return numberKey(float64(v))
	case uint64:
		return numberKey(float64(v))
	case rate:
		return numberKey(float64(v))
	case float64:
		return numberKey(v)
	case string:
		return sortKey{kind: 3, text: v}
	}
	return sortKey{}
}

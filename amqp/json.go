package amqp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ErrNull is a null where RabbitMQ's management API allows none: in a table that
// a client sends.
var ErrNull = errors.New("null_not_allowed")

// maxJSONDepth bounds how deep tables and arrays of a JSON text may lie in each
// other.
const maxJSONDepth = 64

// MarshalJSON writes the table as RabbitMQ's management API shows it: an object,
// in which strings and byte arrays are strings, all numbers are numbers, and so
// are timestamps, and void is null. What is no UTF-8 is shown with replacements.
func (t Table) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, f := range t {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSONString(b, f.Key)
		b = f.Value.appendJSON(append(b, ':'))
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads what a client of the management API sends for a table: an
// object, or an empty array, which some send for an empty one. Whole numbers become
// 64-bit integers and others 64-bit floats. Error: [ErrNull], and what is no JSON of
// this kind.
func (t *Table) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := decodeJSON(d, maxJSONDepth)
	if err != nil {
		return err
	}
	if list, ok := v.Array(); ok && len(list) == 0 {
		*t = nil
		return nil
	}
	table, ok := v.Table()
	if !ok {
		return errors.New("a table must be an object")
	}
	*t = table
	return nil
}

// MarshalJSON writes a value as [Table.MarshalJSON] does.
func (v Value) MarshalJSON() ([]byte, error) { return v.appendJSON(nil), nil }

func (v Value) appendJSON(b []byte) []byte {
	if s, ok := v.Str(); ok {
		return appendJSONString(b, s)
	}
	if n, ok := v.Int(); ok {
		if v.tag == tagUint32 {
			n = int64(uint32(n))
		}
		return strconv.AppendInt(b, n, 10)
	}
	if n, ok := v.Timestamp(); ok {
		return strconv.AppendInt(b, n, 10)
	}
	if f, ok := v.Float(); ok {
		return appendJSONFloat(b, f)
	}
	if yes, ok := v.Bool(); ok {
		return strconv.AppendBool(b, yes)
	}
	if scale, n, ok := v.Decimal(); ok {
		return appendJSONFloat(b, float64(n)/math.Pow10(int(scale)))
	}
	if t, ok := v.Table(); ok {
		text, _ := t.MarshalJSON() // which cannot fail
		return append(b, text...)
	}
	if list, ok := v.Array(); ok {
		b = append(b, '[')
		for i, e := range list {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.appendJSON(b)
		}
		return append(b, ']')
	}
	return append(b, "null"...)
}

// appendJSONFloat writes a float so that it can be told from an integer. What JSON
// has no word for is null.
func appendJSONFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return append(b, s...)
}

func appendJSONString(b []byte, s string) []byte {
	text, _ := json.Marshal(s) // a string can always be written
	return append(b, text...)
}

// decodeJSON reads one value.
func decodeJSON(d *json.Decoder, depth int) (Value, error) {
	token, err := d.Token()
	if err != nil {
		return Value{}, fmt.Errorf("read JSON: %w", err)
	}
	switch t := token.(type) {
	case nil:
		return Value{}, ErrNull
	case string:
		return String(t), nil
	case bool:
		return Bool(t), nil
	case json.Number:
		if n, err := t.Int64(); err == nil {
			return Int64(n), nil
		}
		f, err := t.Float64()
		if err != nil {
			return Value{}, fmt.Errorf("number %s is too large", t)
		}
		return Float64(f), nil
	}
	if depth == 0 {
		return Value{}, errors.New("values lie too deep in each other")
	}
	if token == json.Delim('[') {
		return decodeJSONArray(d, depth-1)
	}
	return decodeJSONTable(d, depth-1)
}

// decodeJSONArray reads on after the opening bracket.
func decodeJSONArray(d *json.Decoder, depth int) (Value, error) {
	list := []Value{}
	for d.More() {
		v, err := decodeJSON(d, depth)
		if err != nil {
			return Value{}, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return Array(list...), err
}

// decodeJSONTable reads on after the opening brace. Of several values of the same
// key the last one counts.
func decodeJSONTable(d *json.Decoder, depth int) (Value, error) {
	t := Table{}
	at := map[string]int{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return Value{}, fmt.Errorf("read JSON: %w", err)
		}
		name := key.(string) // as the decoder sees to
		if len(name) > maxShortstr {
			return Value{}, fmt.Errorf("key %.20q… is longer than %d bytes", name, maxShortstr)
		}
		v, err := decodeJSON(d, depth)
		if err != nil {
			return Value{}, err
		}
		if i, twice := at[name]; twice {
			t[i].Value = v
			continue
		}
		at[name] = len(t)
		t = append(t, Field{Key: name, Value: v})
	}
	_, err := d.Token()
	return TableValue(t), err
}

package parameter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/lepusmq/lepus/amqp"
)

// Rule is what a key of an object must be.
type Rule struct {
	Key      string
	Required bool
	// Check returns what is wrong with the value that the key has.
	Check func(key string, value any) []string
}

// CheckObject returns what is wrong with an object called name: keys that no
// rule knows, required keys that it lacks, and what the rules say.
func CheckObject(name string, object map[string]any, rules []Rule) []string {
	var faults []string
	unknown := maps.Clone(object)
	for _, r := range rules {
		delete(unknown, r.Key)
	}
	if len(unknown) > 0 {
		faults = append(faults, fmt.Sprintf("Unrecognised terms %s in %s", terms(unknown), name))
	}
	for _, r := range rules {
		value, ok := object[r.Key]
		switch {
		case ok:
			faults = append(faults, r.Check(r.Key, value)...)
		case r.Required:
			faults = append(faults, fmt.Sprintf("Key %q not found in %s", r.Key, name))
		}
	}
	return faults
}

// terms shows an object as RabbitMQ shows a property list.
func terms(object map[string]any) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(object)) {
		all = append(all, fmt.Sprintf("{%s,%s}", amqp.Term(key), amqp.Term(object[key])))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// Text wants a string.
func Text(key string, value any) []string {
	if _, ok := value.(string); ok {
		return nil
	}
	return []string{Unlike(key, "binary", value)}
}

// Number wants an integer, as RabbitMQ's number does.
func Number(key string, value any) []string {
	if _, ok := value.(int64); ok {
		return nil
	}
	return []string{Unlike(key, "a number", value)}
}

// Count wants an integer that is not negative.
func Count(key string, value any) []string {
	if n, ok := value.(int64); ok && n >= 0 {
		return nil
	}
	return []string{Unlike(key, "a number greater than or equal to 0", value)}
}

// Bool wants true or false.
func Bool(key string, value any) []string {
	if _, ok := value.(bool); ok {
		return nil
	}
	return []string{Unlike(key, "boolean", value)}
}

// Object wants an object.
func Object(key string, value any) []string {
	if _, ok := value.(map[string]any); ok {
		return nil
	}
	return []string{fmt.Sprintf("%s not a list %s", key, amqp.Term(value))}
}

// OneOf wants one of some strings.
func OneOf(options ...string) func(string, any) []string {
	return func(key string, value any) []string {
		if text, ok := value.(string); ok && slices.Contains(options, text) {
			return nil
		}
		all := make([]string, len(options))
		for i, o := range options {
			all[i] = amqp.Term(o)
		}
		return []string{Unlike(key, "one of ["+strings.Join(all, ",")+"]", value)}
	}
}

// Unlike says that a key has another value than is wanted.
func Unlike(key, wanted string, value any) string {
	return fmt.Sprintf("%s should be %s, actually was %s", key, wanted, amqp.Term(value))
}

// Decode reads a JSON value, with its integers as int64 and other numbers as
// float64.
func Decode(text json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, Invalid("not_json")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, Invalid("not_json")
	}
	return numbers(value), nil
}

// DecodeObject reads a JSON object; an empty list is one, too, as in RabbitMQ.
func DecodeObject(name string, text json.RawMessage) (map[string]any, error) {
	value, err := Decode(text)
	if err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case map[string]any:
		return v, nil
	case []any:
		if len(v) == 0 {
			return map[string]any{}, nil
		}
	}
	return nil, Invalid(fmt.Sprintf("%s not a list %s", name, amqp.Term(value)))
}

// numbers turns the numbers in a value into int64 and float64. Integers that are
// too large become floats.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return math.MaxFloat64
		}
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = numbers(v[key])
		}
	}
	return value
}

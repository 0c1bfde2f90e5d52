package event

import (
	"maps"
	"slices"

	"github.com/lepusmq/lepus/amqp"
)

// Text is a header of an event that is a string.
func Text(key, value string) amqp.Field { return amqp.Field{Key: key, Value: amqp.String(value)} }

// Flag is one that is true or false.
func Flag(key string, value bool) amqp.Field { return amqp.Field{Key: key, Value: amqp.Bool(value)} }

// Number is one that is an integer.
func Number(key string, n int64) amqp.Field { return amqp.Field{Key: key, Value: amqp.Int64(n)} }

// List is a list of strings.
func List(key string, values []string) amqp.Field {
	all := make([]amqp.Value, len(values))
	for i, v := range values {
		all[i] = amqp.String(v)
	}
	return amqp.Field{Key: key, Value: amqp.Array(all...)}
}

// Table is a table as a list of Erlang terms, one for each field: so RabbitMQ
// shows arguments in events.
func Table(key string, t amqp.Table) amqp.Field {
	all := make([]string, len(t))
	for i, f := range t {
		all[i] = f.Term()
	}
	return List(key, all)
}

// JSON is a header with a decoded JSON value: objects are tables.
func JSON(key string, value any) amqp.Field { return amqp.Field{Key: key, Value: jsonValue(value)} }

func jsonValue(value any) amqp.Value {
	switch v := value.(type) {
	case string:
		return amqp.String(v)
	case bool:
		return amqp.Bool(v)
	case int:
		return amqp.Int64(int64(v))
	case int64:
		return amqp.Int64(v)
	case float64:
		return amqp.Float64(v)
	case []any:
		all := make([]amqp.Value, len(v))
		for i := range v {
			all[i] = jsonValue(v[i])
		}
		return amqp.Array(all...)
	case map[string]any:
		var t amqp.Table
		for _, k := range sortedKeys(v) {
			t = append(t, JSON(k, v[k]))
		}
		return amqp.TableValue(t)
	}
	return amqp.Void()
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

package shovel

import (
	"encoding/json"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker/parameter"
)

const (
	defaultPrefetch = 1000
	// maxPrefetch bounds what a shovel has in memory; 0, which is no limit
	// elsewhere, is this.
	maxPrefetch  = 10_000
	defaultDelay = 5 * time.Second
	maxDelay     = 24 * time.Hour
	unlimited    = -1
	asLongAsItIs = -2 // as many as there are at the start
)

// config is what a parameter makes of a shovel. It never changes.
type config struct {
	vhost, name string
	source      source
	destination destination
	ackMode     string
	delay       time.Duration // before it tries again; 0: it does not
}

type source struct {
	addresses   []address
	fromQueue   bool // otherwise from an exchange
	queue       string
	queueArgs   amqp.Table
	predeclared bool
	exchange    string
	key         string
	arguments   amqp.Table // of the consumer
	prefetch    int
	limit       int64 // how many messages, unlimited or asLongAsItIs
}

type destination struct {
	addresses   []address
	queue       string
	toQueue     bool
	queueArgs   amqp.Table
	predeclared bool
	exchange    *string // nil: the message's own
	key         *string
	forward     bool // say in the headers where it has been
	timestamp   bool // and when
	properties  map[string]any
}

// newConfig reads a parameter. The error is a parameter.Invalid.
func newConfig(p parameter.Parameter) (*config, error) {
	v, err := parameter.DecodeObject(p.Name, p.Value)
	if err != nil {
		return nil, err
	}
	if faults := check(p.Name, v); len(faults) > 0 {
		return nil, parameter.Faults(faults)
	}
	c := &config{
		vhost: p.VHost, name: p.Name, ackMode: text(v, ackMode, onConfirm), delay: defaultDelay,
		source: source{
			queue: text(v, srcQueue, ""), queueArgs: table(v, srcQueueArgs), predeclared: flag(v, srcPredeclared),
			exchange: text(v, srcExchange, ""), key: text(v, srcExchangeKey, ""), arguments: table(v, srcArgs),
			prefetch: prefetch(first(v, srcPrefetch, oldPrefetch)), limit: limit(first(v, srcDeleteAfter, oldDeleteAfter)),
		},
		destination: destination{
			queue: text(v, destQueue, ""), queueArgs: table(v, destQueueArgs), predeclared: flag(v, destPredeclared),
			exchange: optional(v, destExchange), key: optional(v, destExchangeKey),
			forward: flag(v, destForward, oldForward), timestamp: flag(v, destTimestamp, oldTimestamp),
		},
	}
	_, c.source.fromQueue = v[srcQueue]
	_, c.destination.toQueue = v[destQueue]
	c.destination.properties, _ = first(v, destProperties, oldProperties).(map[string]any)
	c.source.addresses, _ = addresses(srcURI, v[srcURI])
	c.destination.addresses, _ = addresses(destURI, v[destURI])
	if n, ok := v[reconnectDelay].(int64); ok {
		c.delay = min(time.Duration(min(n, int64(maxDelay/time.Second)))*time.Second, maxDelay)
	}
	return c, nil
}

// first returns what the first of some keys that is there has.
func first(v map[string]any, keys ...string) any {
	for _, key := range keys {
		if value, ok := v[key]; ok {
			return value
		}
	}
	return nil
}

func text(v map[string]any, key, otherwise string) string {
	if s, ok := v[key].(string); ok {
		return s
	}
	return otherwise
}

func optional(v map[string]any, key string) *string {
	if s, ok := v[key].(string); ok {
		return &s
	}
	return nil
}

func flag(v map[string]any, keys ...string) bool {
	yes, _ := first(v, keys...).(bool)
	return yes
}

// table makes arguments of a JSON object.
func table(v map[string]any, key string) amqp.Table {
	object, _ := v[key].(map[string]any)
	if len(object) == 0 {
		return nil
	}
	t, _ := field(object).(amqp.Table)
	return t
}

func field(value any) any {
	switch v := value.(type) {
	case map[string]any:
		t := make(amqp.Table, len(v))
		for key := range v {
			t[key] = field(v[key])
		}
		return t
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = field(v[i])
		}
		return list
	}
	return value
}

func prefetch(value any) int {
	n, ok := value.(int64)
	switch {
	case !ok:
		return defaultPrefetch
	case n <= 0 || n > maxPrefetch:
		return maxPrefetch
	}
	return int(n)
}

func limit(value any) int64 {
	switch v := value.(type) {
	case int64:
		return v
	case string:
		if v == queueLength {
			return asLongAsItIs
		}
	}
	return unlimited
}

// Masked returns the decoded value of a parameter for people to see: with the
// URIs as [address] shows them.
func Masked(value json.RawMessage) any {
	v, err := parameter.DecodeObject("", value)
	if err != nil {
		return nil
	}
	for _, key := range []string{srcURI, destURI} {
		switch uri := v[key].(type) {
		case string:
			v[key] = masked(uri)
		case []any:
			for i, one := range uri {
				if text, ok := one.(string); ok {
					uri[i] = masked(text)
				}
			}
		}
	}
	return v
}

package vhost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strings"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/pattern"
)

// Policy gives options to all queues and exchanges with names of a kind. What
// it defines must not be changed once it was set.
type Policy struct {
	Name string
	// Pattern is a regular expression in the syntax of PCRE. A name matches if it
	// is found anywhere in it.
	Pattern string
	// ApplyTo is "all", "queues", "classic_queues", "quorum_queues", "streams" or
	// "exchanges"; empty is "all".
	ApplyTo string
	// Priority decides when several policies match: the highest applies, alone.
	Priority int
	// Definition holds the options by their keys, as JSON has them.
	Definition map[string]any
}

// InvalidPolicy is why a policy cannot be set, in RabbitMQ's words; one line
// for each of its parts that is wrong.
type InvalidPolicy string

func (e InvalidPolicy) Error() string { return string(e) }

// policy is a policy in force. It is immutable.
type policy struct {
	Policy
	id      uint64 // of its definition in the store
	pattern *pattern.Pattern
	scope   scope // what it may apply to, judging by apply-to and its keys
}

// scope is a set of kinds of objects that policies apply to.
type scope uint8

const (
	classicQueues = scope(classic)
	quorumQueues  = scope(quorum)
	streams       = scope(stream)
	allQueues     = classicQueues | quorumQueues | streams
	exchanges     = streams << 1
)

// scopeOf returns what a policy with this apply-to is for; ok is false if there
// is no such thing.
func scopeOf(applyTo string) (s scope, ok bool) {
	switch applyTo {
	case "", "all":
		return allQueues | exchanges, true
	case "queues":
		return allQueues, true
	case "classic_queues":
		return classicQueues, true
	case "quorum_queues":
		return quorumQueues, true
	case "streams":
		return streams, true
	case "exchanges":
		return exchanges, true
	}
	return 0, false
}

// newPolicy makes a policy that can be in force, or returns an InvalidPolicy
// that says all that is wrong.
func newPolicy(kind policyKind, p Policy) (*policy, error) {
	var faults []string
	definition, err := canonical(p.Definition)
	if err != nil {
		faults = append(faults, err.Error())
	} else if fault := checkDefinition(kind, definition); fault != "" {
		faults = append(faults, fault)
	}
	s, ok := scopeOf(p.ApplyTo)
	if !ok {
		// The odd spaces are RabbitMQ's.
		faults = append(faults, fmt.Sprintf("apply-to '%s' unrecognised; should be one of: 'queues', 'classic_queues', "+
			" 'quorum_queues', 'streams', 'exchanges', or 'all'", p.ApplyTo))
	}
	compiled, err := pattern.Compile(p.Pattern)
	if err != nil {
		faults = append(faults, fmt.Sprintf("pattern should be regular expression but is invalid: %v", err))
	}
	if len(faults) > 0 {
		return nil, InvalidPolicy(strings.Join(faults, "\n"))
	}
	if p.ApplyTo == "" {
		p.ApplyTo = "all"
	}
	p.Definition = definition
	return &policy{Policy: p, pattern: compiled, scope: s &^ strangers(definition, s)}, nil
}

// strangers returns the kinds of queues that do not know all keys of a
// definition. A policy with such a key is not for them at all. Delivery limits
// are known to classic queues, too, but since RabbitMQ's classic queues have
// none, a policy must name these queues to be meant for them.
func strangers(definition map[string]any, s scope) scope {
	var all scope
	for key := range definition {
		if key == "delivery-limit" && s == classicQueues {
			continue
		}
		all |= findPolicyKey(key).strangers
	}
	return all
}

// canonical returns a definition as it is after a journey through JSON, with
// integers as int64, so that it does not matter who made it.
func canonical(definition map[string]any) (map[string]any, error) {
	text, err := json.Marshal(definition)
	if err != nil {
		return nil, InvalidPolicy(fmt.Sprintf("definition must be a dictionary: %v", err))
	}
	return parseDefinition(text)
}

func parseDefinition(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var definition map[string]any
	if err := d.Decode(&definition); err != nil {
		return nil, fmt.Errorf("decode definition: %w", err)
	}
	for key, value := range definition {
		definition[key] = number(value)
	}
	return definition, nil
}

// number makes int64 and float64 of the numbers in a value. Those that are too
// large are as large as can be.
func number(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			f = math.MaxFloat64
		}
		switch {
		case strings.ContainsAny(v.String(), ".eE"):
			return f
		case f < 0:
			return int64(math.MinInt64)
		}
		return int64(math.MaxInt64)
	case []any:
		for i := range v {
			v[i] = number(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = number(v[key])
		}
	}
	return value
}

// copied returns a policy for others to keep.
func (p *policy) copied() Policy {
	c := p.Policy
	c.Definition = maps.Clone(c.Definition)
	return c
}

// text returns a string that a definition has under a key.
func text(definition map[string]any, key string) (string, bool) {
	s, ok := definition[key].(string)
	return s, ok
}

// term shows a value as RabbitMQ does in its messages.
func term(value any) string { return amqp.Term(value) }

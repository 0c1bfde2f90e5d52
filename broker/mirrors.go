package broker

import (
	"encoding/json"
	"fmt"

	"github.com/lepusmq/lepus/broker/parameter"
	"github.com/lepusmq/lepus/broker/vhost"
)

// The components whose parameters say what is kept elsewhere: RabbitMQ keeps
// these as parameters, and so they are in its definitions files.
const (
	limitsComponent         = "vhost-limits"
	operatorPolicyComponent = "operator_policy"
	policyComponent         = "policy"
)

// limitsName is the name of the only parameter of vhost-limits.
const limitsName = "limits"

// mirror is such a component.
type mirror struct {
	set   func(p parameter.Parameter) error
	clear func(vhost, name string) error
	list  func(h *host) []parameter.Parameter
}

func (b *Broker) mirrors() map[string]mirror {
	return map[string]mirror{
		limitsComponent: {
			set:   b.setLimitsParameter,
			clear: b.clearLimitsParameter,
			list:  listLimits,
		},
		operatorPolicyComponent: {
			set:   b.setOperatorPolicyParameter,
			clear: b.DeleteOperatorPolicy,
			list:  listOperatorPolicies,
		},
		policyComponent: {
			set:   func(parameter.Parameter) error { return ErrPolicyParameter },
			clear: func(string, string) error { return ErrPolicyParameter },
			list:  func(*host) []parameter.Parameter { return nil },
		},
	}
}

// ErrPolicyParameter is the wish to change policies by way of parameters, in
// RabbitMQ's words.
const ErrPolicyParameter = policyParameterError("policies may not be set using this method")

type policyParameterError string

func (e policyParameterError) Error() string { return string(e) }

func (b *Broker) setLimitsParameter(p parameter.Parameter) error {
	object, err := readLimits(p)
	if err != nil {
		return err
	}
	return b.SetVHostLimits(p.VHost, limit(object, "max-connections"), limit(object, "max-queues"))
}

// readLimits reads the value of the parameter of vhost-limits.
func readLimits(p parameter.Parameter) (map[string]any, error) {
	object, err := parameter.DecodeObject(p.Name, p.Value)
	if err != nil {
		return nil, err
	}
	return object, parameter.Faults(parameter.CheckObject(p.Name, object, []parameter.Rule{
		{Key: "max-queues", Check: parameter.Number},
		{Key: "max-connections", Check: parameter.Number},
	}))
}

// limit returns the number under a key of a checked object.
func limit(object map[string]any, key string) *int {
	n, ok := object[key].(int64)
	if !ok {
		return nil
	}
	most := int(n)
	return &most
}

func (b *Broker) clearLimitsParameter(vhost, name string) error {
	h := b.residents.host(vhost)
	if h == nil {
		return fmt.Errorf("virtual host %q: %w", vhost, ErrNoVHost)
	}
	if name != limitsName || len(listLimits(h)) == 0 {
		return fmt.Errorf("parameter %q of %s: %w", name, limitsComponent, ErrNoParameter)
	}
	return b.SetVHostLimits(vhost, nil, nil)
}

func listLimits(h *host) []parameter.Parameter {
	s := h.Settings()
	if s.MaxConnections == nil && s.MaxQueues == nil {
		return nil
	}
	return []parameter.Parameter{mirrored(limitsComponent, h.Name(), limitsName, struct {
		MaxConnections *int `json:"max-connections,omitempty"`
		MaxQueues      *int `json:"max-queues,omitempty"`
	}{s.MaxConnections, s.MaxQueues})}
}

// policyValue is a policy as the value of a parameter.
type policyValue struct {
	Pattern    string         `json:"pattern"`
	Definition map[string]any `json:"definition"`
	Priority   int            `json:"priority"`
	ApplyTo    string         `json:"apply-to"`
}

func (b *Broker) setOperatorPolicyParameter(p parameter.Parameter) error {
	object, err := parameter.DecodeObject(p.Name, p.Value)
	if err != nil {
		return err
	}
	faults := parameter.CheckObject(p.Name, object, []parameter.Rule{
		{Key: "apply-to", Check: parameter.Text},
		{Key: "definition", Check: parameter.Object, Required: true},
		{Key: "pattern", Check: parameter.Text, Required: true},
		{Key: "priority", Check: parameter.Number, Required: true},
	})
	if len(faults) > 0 {
		return parameter.Faults(faults)
	}
	var v policyValue
	if err := json.Unmarshal(p.Value, &v); err != nil {
		return parameter.Invalid(fmt.Sprintf("%s: %v", p.Name, err))
	}
	return b.SetOperatorPolicy(p.VHost, vhost.Policy{
		Name: p.Name, Pattern: v.Pattern, ApplyTo: v.ApplyTo, Priority: v.Priority, Definition: v.Definition,
	})
}

func listOperatorPolicies(h *host) []parameter.Parameter {
	var all []parameter.Parameter
	for _, p := range h.OperatorPolicies() {
		all = append(all, mirrored(operatorPolicyComponent, h.Name(), p.Name,
			policyValue{Pattern: p.Pattern, Definition: p.Definition, Priority: p.Priority, ApplyTo: p.ApplyTo}))
	}
	return all
}

// mirrored makes a parameter of what is kept elsewhere.
func mirrored(component, vhost, name string, value any) parameter.Parameter {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("broker: a parameter cannot be encoded: %v", err)) // it came as JSON
	}
	return parameter.Parameter{Component: component, VHost: vhost, Name: name, Value: text}
}

package parameter

import (
	"encoding/json"
	"strings"
)

// Parameter is a runtime parameter. The names of the fields are those of
// RabbitMQ's definitions files.
type Parameter struct {
	Component string          `json:"component"`
	VHost     string          `json:"vhost"`
	Name      string          `json:"name"`
	Value     json.RawMessage `json:"value"`
}

// Key is what there is one parameter of.
type Key struct{ Component, VHost, Name string }

// Key returns which parameter it is.
func (p *Parameter) Key() Key { return Key{p.Component, p.VHost, p.Name} }

// Global is a parameter of the broker as a whole.
type Global struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}

// Invalid is why a parameter cannot be set, in RabbitMQ's words: one line for
// each thing that is wrong.
type Invalid string

func (e Invalid) Error() string { return "Validation failed\n\n" + string(e) + "\n" }

// Faults makes an error of what is wrong; nil if nothing is.
func Faults(faults []string) error {
	if len(faults) == 0 {
		return nil
	}
	return Invalid(strings.Join(faults, "\n"))
}

// Component is what a parameter is for. Its methods are called by one goroutine
// at a time, and must not wait for anything that sets or clears parameters.
type Component interface {
	// Validate returns what is wrong with a parameter that a user wants to set, as
	// an [Invalid] if it is the parameter. The empty user is whoever runs the
	// broker, who may everything.
	Validate(user string, p Parameter) error
	// Set tells of a parameter that is new or another now.
	Set(p Parameter)
	// Clear tells of one that is no more.
	Clear(k Key)
}

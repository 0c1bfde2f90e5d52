package broker

import (
	"encoding/json"
	"fmt"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/definitions"
	"github.com/lepusmq/lepus/broker/parameter"
)

// ExportDefinitions returns the definitions file of a virtual host, or of the whole
// broker if host is empty. Errors: ErrNoVHost.
func (b *Broker) ExportDefinitions(host string) ([]byte, error) {
	return definitions.Export(b, host)
}

// ImportDefinitions takes over what a definitions file defines, all of it or nothing;
// into one virtual host if host is not empty. It adds and changes, and deletes
// nothing. What is wrong with the file is a [definitions.Fault], which names the place.
func (b *Broker) ImportDefinitions(host string, file []byte) error {
	b.importing.Lock()
	defer b.importing.Unlock()
	if err := definitions.Import(b, host, file); err != nil {
		return err
	}
	b.log.Info("definitions imported", zap.String("vhost", host), zap.Int("bytes", len(file)))
	return nil
}

// CheckParameter returns the error that SetParameter would, or SetGlobalParameter if
// component is empty, but for a virtual host that is not there.
func (b *Broker) CheckParameter(component, vhost, name string, value json.RawMessage) error {
	if len(value) > maxParameter {
		return parameter.Invalid(fmt.Sprintf("the value of %s has %d bytes, %d are the most", name, len(value), maxParameter))
	}
	if component == "" {
		return checkGlobal(name, value)
	}
	p := parameter.Parameter{Component: component, VHost: vhost, Name: name, Value: value}
	switch component {
	case limitsComponent:
		_, err := readLimits(p)
		return err
	case policyComponent:
		return ErrPolicyParameter
	}
	c := b.parameters.components[component]
	if c == nil {
		return parameter.Invalid(fmt.Sprintf("component %s not found", component))
	}
	return b.administer(func() error { return c.Validate("", p) })
}

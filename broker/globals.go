package broker

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lepusmq/lepus/broker/parameter"
)

// The global parameters that mean something to the broker, as in RabbitMQ.
const (
	clusterName = "cluster_name"
	// clusterID is a name that the broker gives itself once.
	clusterID = "internal_cluster_id"
)

// SetGlobalParameter gives a value to the broker as a whole, under any name.
// cluster_name is what clients are told as the cluster's name from then on. It
// is durable when SetGlobalParameter returns. Error: [parameter.Invalid].
func (b *Broker) SetGlobalParameter(name string, value json.RawMessage) error {
	if err := b.CheckParameter("", "", name, value); err != nil {
		return err
	}
	return b.administer(func() error {
		if err := b.keep(globalParameter(name, slices.Clone(value))); err != nil {
			return err
		}
		b.announce()
		return nil
	})
}

// checkGlobal returns the error for a value that a global parameter cannot have.
func checkGlobal(name string, value json.RawMessage) error {
	v, err := parameter.Decode(value)
	if err != nil || name != clusterName {
		return err
	}
	return parameter.Faults(parameter.Text(name, v))
}

// ClearGlobalParameter takes it away again. Without cluster_name the cluster is
// called as the configuration says. Error: ErrNoParameter.
func (b *Broker) ClearGlobalParameter(name string) error {
	return b.administer(func() error {
		if err := b.forget(parameter.Key{Component: globalComponent, Name: name}); err != nil {
			return err
		}
		b.announce()
		return nil
	})
}

// GlobalParameters returns all of them, by name.
func (b *Broker) GlobalParameters() []parameter.Global {
	all := []parameter.Global{}
	for _, p := range b.parameters.where(func(k parameter.Key) bool { return k.Component == globalComponent }) {
		all = append(all, parameter.Global{Name: p.Name, Value: p.Value})
	}
	return all
}

// ClusterName is what clients are told as the cluster's name.
func (b *Broker) ClusterName() string {
	if name, ok := b.globalText(clusterName); ok {
		return name
	}
	return b.cfg.ClusterName
}

// ClusterID is the name that the broker has given itself when it was first
// started, which no change of the cluster's name changes.
func (b *Broker) ClusterID() string {
	id, _ := b.globalText(clusterID)
	return id
}

// globalText returns a global parameter that is a text.
func (b *Broker) globalText(name string) (text string, ok bool) {
	p, ok := b.parameters.get(parameter.Key{Component: globalComponent, Name: name})
	if !ok || json.Unmarshal(p.Value, &text) != nil {
		return "", false
	}
	return text, true
}

// announce has clients that come from now on told of the cluster's name.
func (b *Broker) announce() {
	p := serverProperties(b.cfg.Version, b.ClusterName())
	b.properties.Store(&p)
}

// identify gives the broker its internal_cluster_id, if it has none.
func (b *Broker) identify() error {
	if b.parameters.id(parameter.Key{Component: globalComponent, Name: clusterID}) != 0 {
		return nil
	}
	var id [16]byte
	rand.Read(id[:]) // never fails
	value, err := json.Marshal("rabbitmq-cluster-id-" + base64.RawURLEncoding.EncodeToString(id[:]))
	if err != nil {
		return fmt.Errorf("encode %s: %w", clusterID, err)
	}
	return b.keep(globalParameter(clusterID, value))
}

func globalParameter(name string, value json.RawMessage) parameter.Parameter {
	return parameter.Parameter{Component: globalComponent, Name: name, Value: value}
}

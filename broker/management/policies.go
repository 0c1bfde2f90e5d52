package management

import (
	"bytes"
	"encoding/json"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
)

// policyLister lists the policies of a virtual host.
type policyLister = func(b Broker, host string) ([]vhost.Policy, error)

// policyKind is the policies of users, or those of the operator: both are served
// alike.
type policyKind struct {
	all    policyLister
	set    func(b Broker, host string, p vhost.Policy) error
	delete func(b Broker, host, name string) error
}

func policyResources() []resource {
	user := policyKind{Broker.Policies, Broker.SetPolicy, Broker.DeletePolicy}
	operator := policyKind{Broker.OperatorPolicies, Broker.SetOperatorPolicy, Broker.DeleteOperatorPolicy}
	return append(
		user.resources("policies", manager, policymaker),
		operator.resources("operator-policies", manager, administrator)...)
}

func (k policyKind) resources(path string, read, write level) []resource {
	return []resource{
		{path: path, read: read, get: k.list},
		{path: path + "/{vhost}", read: read, get: k.list},
		{path: path + "/{vhost}/{name}", read: read, write: write, get: k.get, put: k.put, delete: k.remove},
	}
}

func policyRow(host string, p *vhost.Policy) object {
	return object{
		"vhost": host, "name": p.Name, "pattern": p.Pattern, "apply-to": p.ApplyTo,
		"definition": p.Definition, "priority": p.Priority,
	}
}

// hosts returns the virtual host that the path is for, or all that who asks may see.
func (q *request) hosts() []string {
	if host, ok := q.args["vhost"]; ok {
		return []string{host}
	}
	return q.visible()
}

func (k policyKind) list(q *request) error {
	var all []object
	for _, host := range q.hosts() {
		policies, err := k.all(q.server.broker, host)
		if err != nil {
			continue // deleted meanwhile
		}
		for i := range policies {
			all = append(all, policyRow(host, &policies[i]))
		}
	}
	return q.list(rows(all, "name"))
}

func (k policyKind) find(q *request) (*vhost.Policy, bool) {
	policies, err := k.all(q.server.broker, q.arg("vhost"))
	if err != nil {
		return nil, false
	}
	for i := range policies {
		if policies[i].Name == q.arg("name") {
			return &policies[i], true
		}
	}
	return nil, false
}

func (k policyKind) get(q *request) error {
	p, ok := k.find(q)
	if !ok {
		return notFound()
	}
	return q.show(policyRow(q.arg("vhost"), p))
}

func (k policyKind) put(q *request) error {
	f, err := q.fieldsWith("pattern", "definition")
	if err != nil {
		return err
	}
	p, err := readPolicy(q.arg("name"), f)
	if err != nil {
		return err
	}
	_, there := k.find(q)
	if err := k.set(q.server.broker, q.arg("vhost"), p); err != nil {
		return invalid(err)
	}
	return q.created(!there)
}

// readPolicy reads what a client wants a policy to be.
func readPolicy(name string, f fields) (p vhost.Policy, err error) {
	p.Name = name
	if p.Pattern, err = f.text("pattern", ""); err != nil {
		return p, err
	}
	if p.ApplyTo, err = f.text("apply-to", ""); err != nil {
		return p, err
	}
	if p.Priority, err = f.integer("priority", 0); err != nil {
		return p, badRequest("Validation failed\n\npriority should be a number, actually was " +
			amqp.Term(plain(f["priority"])) + "\n")
	}
	d := json.NewDecoder(bytes.NewReader(f["definition"]))
	d.UseNumber()
	if err := d.Decode(&p.Definition); err != nil {
		return p, badRequest("Validation failed\n\ndefinition must be a dictionary\n")
	}
	return p, nil
}

func (k policyKind) remove(q *request) error {
	if _, ok := k.find(q); !ok {
		return notFound()
	}
	if err := k.delete(q.server.broker, q.arg("vhost"), q.arg("name")); err != nil {
		return err
	}
	return q.done()
}

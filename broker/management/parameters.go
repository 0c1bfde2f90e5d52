package management

import (
	"errors"
	"slices"

	"github.com/lepusmq/lepus/broker/parameter"
)

func parameterResources() []resource {
	const maker = policymaker
	return []resource{
		{path: "parameters", read: maker, get: listParameters},
		{path: "parameters/{component}", read: maker, get: listParameters},
		{path: "parameters/{component}/{vhost}", read: maker, get: listParameters},
		{path: "parameters/{component}/{vhost}/{name}", read: maker, write: maker,
			get: getParameter, put: putParameter, delete: deleteParameter},
		{path: "global-parameters", read: maker, get: listGlobalParameters},
		{path: "global-parameters/{name}", read: maker, write: administrator,
			get: getGlobalParameter, put: putGlobalParameter, delete: deleteGlobalParameter},
	}
}

func parameterRow(p *parameter.Parameter) object {
	return object{"component": p.Component, "vhost": p.VHost, "name": p.Name, "value": p.Value}
}

// parameters are the runtime parameters of a component and a virtual host, "" is any.
// Policies are among them for those who ask for them, as RabbitMQ keeps them.
func (q *request) parameters(component, host string) []object {
	if component == "policy" {
		return q.policyParameters(host)
	}
	var all []object
	stored, _ := q.server.broker.Parameters(component, host) // an error is that the virtual host has gone
	for i := range stored {
		if q.sees(stored[i].VHost) {
			all = append(all, parameterRow(&stored[i]))
		}
	}
	return all
}

func (q *request) policyParameters(only string) []object {
	var all []object
	for _, host := range q.visible() {
		if only != "" && host != only {
			continue
		}
		policies, _ := q.server.broker.Policies(host) // as above
		for i := range policies {
			value := policyRow(host, &policies[i])
			delete(value, "vhost")
			delete(value, "name")
			all = append(all, object{"component": "policy", "vhost": host, "name": policies[i].Name, "value": value})
		}
	}
	return all
}

func listParameters(q *request) error {
	return q.list(rows(q.parameters(q.arg("component"), q.arg("vhost")), "name"))
}

// parameter is the one that the path names, nil if there is none.
func (q *request) parameter() object {
	all := q.parameters(q.arg("component"), q.arg("vhost"))
	i := slices.IndexFunc(all, func(o object) bool { return o["name"] == q.arg("name") })
	if i < 0 {
		return nil
	}
	return all[i]
}

func getParameter(q *request) error {
	row := q.parameter()
	if row == nil {
		return notFound()
	}
	return q.show(row)
}

func putParameter(q *request) error {
	f, err := q.fieldsWith("value")
	if err != nil {
		return err
	}
	there := q.parameter() != nil
	err = q.server.broker.SetParameterAs(q.by(), q.arg("component"), q.arg("vhost"), q.arg("name"), f["value"])
	if err != nil {
		return asBadRequest(err)
	}
	return q.created(!there)
}

// asBadRequest is an error whose text is for the client.
func asBadRequest(err error) error {
	var wrong parameter.Invalid
	if errors.As(err, &wrong) {
		err = wrong
	}
	return badRequest(err.Error())
}

func deleteParameter(q *request) error {
	if q.parameter() == nil {
		return notFound()
	}
	if err := q.server.broker.ClearParameter(q.arg("component"), q.arg("vhost"), q.arg("name")); err != nil {
		return asBadRequest(err)
	}
	return q.done()
}

func globalParameterRow(p *parameter.Global) object { return object{"name": p.Name, "value": p.Value} }

func listGlobalParameters(q *request) error {
	var all []object
	stored := q.server.broker.GlobalParameters()
	for i := range stored {
		all = append(all, globalParameterRow(&stored[i]))
	}
	return q.list(rows(all, "name"))
}

// globalParameter returns one, nil if there is none.
func (s *Server) globalParameter(name string) *parameter.Global {
	all := s.broker.GlobalParameters()
	for i := range all {
		if all[i].Name == name {
			return &all[i]
		}
	}
	return nil
}

func getGlobalParameter(q *request) error {
	p := q.server.globalParameter(q.arg("name"))
	if p == nil {
		return notFound()
	}
	return q.show(globalParameterRow(p))
}

func putGlobalParameter(q *request) error {
	f, err := q.fieldsWith("value")
	if err != nil {
		return err
	}
	there := q.server.globalParameter(q.arg("name")) != nil
	if err := q.server.broker.SetGlobalParameter(q.arg("name"), f["value"]); err != nil {
		return asBadRequest(err)
	}
	return q.created(!there)
}

func deleteGlobalParameter(q *request) error {
	if q.server.globalParameter(q.arg("name")) == nil {
		return notFound()
	}
	if err := q.server.broker.ClearGlobalParameter(q.arg("name")); err != nil {
		return asBadRequest(err)
	}
	return q.done()
}

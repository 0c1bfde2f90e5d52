package management

import (
	"encoding/json"
	"slices"
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
		{path: "shovels", read: monitor, get: listShovels},
		{path: "shovels/{vhost}", read: monitor, get: listShovels},
		{path: "shovels/vhost/{vhost}/{name}", read: monitor, write: maker, get: getShovel, delete: deleteShovel},
		{path: "shovels/vhost/{vhost}/{name}/restart", write: maker, delete: restartShovel},
	}
}

// noParameters is a broker without runtime parameters.
type noParameters struct{}

func (noParameters) SetParameter(p Parameter) error {
	return badRequest("Validation failed\n\ncomponent " + p.Component + " not found\n")
}
func (noParameters) ClearParameter(string, string, string) error { return notFound() }
func (noParameters) Parameters(string, string) []Parameter       { return nil }
func (noParameters) SetGlobalParameter(string, json.RawMessage) error {
	return badRequest("there are no global parameters")
}
func (noParameters) ClearGlobalParameter(string) error { return notFound() }
func (noParameters) GlobalParameters() []Parameter     { return nil }

// noShovels is a broker without shovels.
type noShovels struct{}

func (noShovels) Shovels(string) []map[string]any   { return nil }
func (noShovels) RestartShovel(string, string) bool { return false }

func parameterRow(p *Parameter) object {
	return object{"component": p.Component, "vhost": p.VHost, "name": p.Name, "value": p.Value}
}

// parameters are all runtime parameters of a component and a virtual host, "" is any:
// those of components, and limits and policies as RabbitMQ keeps them.
func (q *request) parameters(component, host string) []object {
	var all []object
	stored := q.server.cfg.Parameters.Parameters(component, host)
	for i := range stored {
		if q.sees(stored[i].VHost) {
			all = append(all, parameterRow(&stored[i]))
		}
	}
	for _, h := range q.visible() {
		if host != "" && h != host {
			continue
		}
		if limits := q.vhostLimits(h); len(limits) > 0 && (component == "" || component == "vhost-limits") {
			all = append(all, object{"component": "vhost-limits", "vhost": h, "name": "limits", "value": limits})
		}
		if component == "policy" {
			all = append(all, q.policyParameters(component, h, Broker.Policies)...)
		}
		if component == "operator_policy" {
			all = append(all, q.policyParameters(component, h, Broker.OperatorPolicies)...)
		}
	}
	return all
}

func (q *request) policyParameters(component, host string, list policyLister) []object {
	policies, err := list(q.server.broker, host)
	if err != nil {
		return nil // deleted meanwhile
	}
	var all []object
	for i := range policies {
		value := policyRow(host, &policies[i])
		delete(value, "vhost")
		delete(value, "name")
		all = append(all, object{"component": component, "vhost": host, "name": policies[i].Name, "value": value})
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
	p := Parameter{Component: q.arg("component"), VHost: q.arg("vhost"), Name: q.arg("name"), Value: f["value"]}
	if p.Component == "policy" || p.Component == "operator_policy" {
		return badRequest("policies may not be set using this method")
	}
	there := q.parameter() != nil
	if err := q.server.cfg.Parameters.SetParameter(p); err != nil {
		return asBadRequest(err)
	}
	return q.created(!there)
}

// asBadRequest is an error whose text is for the client.
func asBadRequest(err error) error {
	if f, ok := err.(*fault); ok {
		return f
	}
	return badRequest(err.Error())
}

func deleteParameter(q *request) error {
	if q.parameter() == nil {
		return notFound()
	}
	if err := q.server.cfg.Parameters.ClearParameter(q.arg("component"), q.arg("vhost"), q.arg("name")); err != nil {
		return asBadRequest(err)
	}
	return q.done()
}

func globalParameterRow(p *Parameter) object { return object{"name": p.Name, "value": p.Value} }

func listGlobalParameters(q *request) error {
	var all []object
	stored := q.server.cfg.Parameters.GlobalParameters()
	for i := range stored {
		all = append(all, globalParameterRow(&stored[i]))
	}
	return q.list(rows(all, "name"))
}

// globalParameter returns one, nil if there is none.
func (s *Server) globalParameter(name string) *Parameter {
	all := s.cfg.Parameters.GlobalParameters()
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
	if err := q.server.cfg.Parameters.SetGlobalParameter(q.arg("name"), f["value"]); err != nil {
		return asBadRequest(err)
	}
	return q.created(!there)
}

func deleteGlobalParameter(q *request) error {
	if q.server.globalParameter(q.arg("name")) == nil {
		return notFound()
	}
	if err := q.server.cfg.Parameters.ClearGlobalParameter(q.arg("name")); err != nil {
		return asBadRequest(err)
	}
	return q.done()
}

func (q *request) shovels() []object {
	var all []object
	for _, row := range q.server.cfg.Shovels.Shovels(q.arg("vhost")) {
		if host, _ := row["vhost"].(string); q.sees(host) {
			all = append(all, row)
		}
	}
	return all
}

func listShovels(q *request) error { return q.list(rows(q.shovels(), "name")) }

func getShovel(q *request) error {
	for _, row := range q.shovels() {
		if row["name"] == q.arg("name") {
			return q.show(row)
		}
	}
	return notFound()
}

// deleteShovel deletes the parameter that a shovel is made of.
func deleteShovel(q *request) error {
	q.args["component"] = "shovel"
	return deleteParameter(q)
}

func restartShovel(q *request) error {
	if !q.server.cfg.Shovels.RestartShovel(q.arg("vhost"), q.arg("name")) {
		return notFound()
	}
	return q.done()
}

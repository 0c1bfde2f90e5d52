package ctl

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// parameter is a runtime parameter as the API has it.
type parameter struct {
	Component string `json:"component"`
	Name      string `json:"name"`
	Value     any    `json:"value"`
}

func parameterCommands() []*command {
	const group = "Parameters"
	return []*command{
		{
			name: "clear_global_parameter", tools: Ctl, group: group, args: "<name>", min: 1, max: 1,
			doc:    "Clears a global parameter",
			banner: func(c *call) string { return fmt.Sprintf("Clearing global runtime parameter %q ...", c.args[0]) },
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, noParameter(c.api.Delete(ctx, api.Path("global-parameters", c.args[0])))
			},
		},
		{
			name: "clear_parameter", tools: Ctl, group: group, args: "<component_name> <name>", min: 2, max: 2,
			doc: "Clears a parameter of a virtual host, such as a shovel",
			banner: func(c *call) string {
				return fmt.Sprintf("Clearing runtime parameter %q for component %q on vhost %q ...", c.args[1], c.args[0], c.vhost())
			},
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, noParameter(c.api.Delete(ctx, api.Path("parameters", c.args[0], c.vhost(), c.args[1])))
			},
		},
		{
			name: "list_global_parameters", tools: Ctl | Diagnostics, group: group,
			doc:    "Lists global parameters",
			banner: func(*call) string { return "Listing global runtime parameters ..." },
			run:    listGlobalParameters,
		},
		{
			name: "list_parameters", tools: Ctl | Diagnostics, group: group,
			doc:    "Lists the parameters of a virtual host",
			banner: func(c *call) string { return fmt.Sprintf("Listing runtime parameters for vhost %q ...", c.vhost()) },
			run:    listParameters,
		},
		{
			name: "set_global_parameter", tools: Ctl, group: group, args: "<name> <value>", min: 2, max: 2,
			doc: "Sets a global parameter",
			banner: func(c *call) string {
				return fmt.Sprintf(`Setting global runtime parameter %q to "%s" ...`, c.args[0], c.args[1])
			},
			run: func(ctx context.Context, c *call) (any, error) {
				value, err := asObject(c.args[1])
				if err != nil {
					return nil, err
				}
				return nil, c.api.Put(ctx, api.Path("global-parameters", c.args[0]), map[string]any{"name": c.args[0], "value": value})
			},
		},
		{
			name: "set_parameter", tools: Ctl, group: group, args: "[--vhost <vhost>] <component_name> <name> <value>", min: 3, max: 3,
			doc: "Sets a parameter of a virtual host, such as a shovel",
			banner: func(c *call) string {
				return fmt.Sprintf(`Setting runtime parameter %q for component %q to "%s" in vhost %q ...`, c.args[1], c.args[0], c.args[2], c.vhost())
			},
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.setParameter(ctx, c.args[0], c.args[1], c.args[2])
			},
		},
	}
}

func (c *call) setParameter(ctx context.Context, component, name, value string) error {
	raw, err := asObject(value)
	if err != nil {
		return err
	}
	body := struct {
		Component string          `json:"component"`
		VHost     string          `json:"vhost"`
		Name      string          `json:"name"`
		Value     json.RawMessage `json:"value"`
	}{component, c.vhost(), name, raw}
	return c.missing(ctx, c.api.Put(ctx, api.Path("parameters", component, c.vhost(), name), body), c.vhost(), "")
}

// noParameter is the error for a parameter or policy that is not there.
func noParameter(err error) error {
	if api.Is(err, http.StatusNotFound) {
		return fail(exitUnavailable, "Parameter does not exist")
	}
	return err
}

func listGlobalParameters(ctx context.Context, c *call) (any, error) {
	var all []parameter
	if err := c.api.Get(ctx, api.Path("global-parameters"), &all); err != nil {
		return nil, err
	}
	r := &rows{columns: []string{"name", "value"}}
	for _, p := range all {
		value, err := asJSON(p.Value)
		if err != nil {
			return nil, err
		}
		r.cells = append(r.cells, []any{p.Name, value})
	}
	return r, nil
}

func listParameters(ctx context.Context, c *call) (any, error) {
	var all []struct {
		parameter
		VHost string `json:"vhost"`
	}
	if err := c.api.Get(ctx, api.Path("parameters"), &all); err != nil {
		return nil, err
	}
	if err := c.api.Get(ctx, api.Path("vhosts", c.vhost()), nil); err != nil {
		return nil, c.missing(ctx, err, c.vhost(), "")
	}
	r := &rows{columns: []string{"component", "name", "value"}}
	for _, p := range all {
		value, err := asJSON(p.Value)
		if err != nil {
			return nil, err
		}
		if p.VHost == c.vhost() {
			r.cells = append(r.cells, []any{p.Component, p.Name, value})
		}
	}
	return r, nil
}

package ctl

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// policy is a policy as the API has it.
type policy struct {
	VHost      string         `json:"vhost"`
	Name       string         `json:"name"`
	Pattern    string         `json:"pattern"`
	ApplyTo    string         `json:"apply-to"`
	Definition map[string]any `json:"definition"`
	Priority   json.Number    `json:"priority"`
}

func policyCommands() []*command {
	return append(policyKind("", "policies", "policy", "policies"),
		policyKind("operator_", "operator-policies", "operator policy override", "operator policy overrides")...)
}

// policyKind returns the commands for policies, or for those of operators, which
// the API has at path.
func policyKind(prefix, path, one, many string) []*command {
	const group = "Policies"
	what := "policy"
	if prefix != "" {
		what = "operator policy"
	}
	return []*command{
		{
			name: "clear_" + prefix + "policy", tools: Ctl, group: group, args: "<name>", min: 1, max: 1,
			doc:    "Clears a " + what,
			banner: func(c *call) string { return fmt.Sprintf("Clearing %s %q on vhost %q ...", what, c.args[0], c.vhost()) },
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, noParameter(c.api.Delete(ctx, api.Path(path, c.vhost(), c.args[0])))
			},
		},
		{
			name: "list_" + prefix + "policies", tools: Ctl | Diagnostics, group: group,
			doc:    "Lists the " + many + " of a virtual host",
			banner: func(c *call) string { return fmt.Sprintf("Listing %s for vhost %q ...", many, c.vhost()) },
			run:    func(ctx context.Context, c *call) (any, error) { return listPolicies(ctx, c, path) },
		},
		{
			name: "set_" + prefix + "policy", tools: Ctl, group: group, min: 3, max: 3,
			args: "[--vhost <vhost>] [--priority <priority>] [--apply-to <apply-to>] <name> <pattern> <definition>",
			flags: []flag{
				{name: "priority", value: true, number: true, doc: "of the policies that fit, the one with the highest applies"},
				{name: "apply-to", value: true, doc: "queues, classic_queues, quorum_queues, streams, exchanges or all"},
			},
			doc: "Sets a " + what + " for what has names that a pattern fits",
			banner: func(c *call) string {
				return fmt.Sprintf(`Setting %s %q for pattern "%s" to "%s" with priority "%s" for vhost %q ...`,
					one, c.args[0], c.args[1], c.args[2], c.option("priority", "0"), c.vhost())
			},
			run: func(ctx context.Context, c *call) (any, error) { return nil, setPolicy(ctx, c, path) },
		},
	}
}

func setPolicy(ctx context.Context, c *call, path string) error {
	definition, err := asObject(c.args[2])
	if err != nil {
		return err
	}
	err = c.api.Put(ctx, api.Path(path, c.vhost(), c.args[0]), map[string]any{
		"pattern": c.args[1], "definition": definition,
		"priority": json.Number(c.option("priority", "0")), "apply-to": c.option("apply-to", "all"),
	})
	return c.missing(ctx, err, c.vhost(), "")
}

func listPolicies(ctx context.Context, c *call, path string) (any, error) {
	var all []policy
	if err := c.api.Get(ctx, api.Path(path, c.vhost()), &all); err != nil {
		return nil, c.missing(ctx, err, c.vhost(), "")
	}
	r := &rows{columns: []string{"vhost", "name", "pattern", "apply-to", "definition", "priority"}}
	for _, p := range all {
		definition, err := asJSON(p.Definition)
		if err != nil {
			return nil, err
		}
		r.cells = append(r.cells, []any{p.VHost, p.Name, p.Pattern, p.ApplyTo, definition, p.Priority})
	}
	return r, nil
}

package ctl

import (
	"context"
	"fmt"
	"net/http"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// attemptCommands are about who tries to log in.
func attemptCommands() []*command {
	refused := func(name, doc, why string) *command {
		return &command{
			name: name, tools: Diagnostics, group: "Configuration and Environment", doc: doc,
			run: func(context.Context, *call) (any, error) { return nil, fail(exitUnavailable, "%s: %s", name, why) },
		}
	}
	return []*command{
		{
			name: "clear_auth_backend_cache", tools: Ctl, group: accessGroup,
			doc:    "Has other systems asked anew who users are and what they may do",
			banner: func(*call) string { return "Clearing rabbitmq_auth_backend_cache ..." },
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.control(ctx, http.MethodPost, "clear-auth-cache", nil, nil)
			},
		},
		{
			name: "list_node_auth_attempt_stats", tools: Ctl | Diagnostics, group: monitoringGroup, args: "[--by-source]",
			flags:  []flag{{name: "by-source", doc: "by address and user, which are not noted"}},
			doc:    "Shows how many log-ins there were since the start, by protocol",
			banner: func(c *call) string { return fmt.Sprintf("Listing authentication\n attempts for node %q ...", c.node) },
			run:    listAttempts,
		},
		refused("reset_node_auth_attempt_metrics", "Is refused: log-ins are counted from the start of the broker",
			"log-ins are counted from the start of the broker, for everybody who reads these counts"),
		refused("enable_auth_attempt_source_tracking", "Is refused: who has tried to log in is in the log",
			"who has tried to log in, and from where, is in the log"),
		refused("disable_auth_attempt_source_tracking", "Is refused: there is no such tracking", "who has tried to log in is never counted"),
	}
}

func listAttempts(ctx context.Context, c *call) (any, error) {
	var o struct {
		Node string `json:"node"`
	}
	if err := c.api.Get(ctx, api.Path("overview")+"?columns=node", &o); err != nil {
		return nil, err
	}
	path := []string{"auth", "attempts", o.Node}
	columns := words("protocol auth_attempts auth_attempts_failed auth_attempts_succeeded")
	if c.has("by-source") {
		path, columns = append(path, "source"), append(columns, "remote_address", "username")
	}
	var all []object
	if err := c.api.Get(ctx, api.Path(path...), &all); err != nil {
		return nil, err
	}
	r := &rows{columns: columns}
	some := []object{}
	for _, o := range all {
		if text(o["auth_attempts"]) == "0" {
			continue
		}
		row := make([]any, len(columns))
		for i, column := range columns {
			row[i] = o[column]
		}
		r.cells, some = append(r.cells, row), append(some, o)
	}
	switch {
	case c.formatter() == "json":
		return report{value: object{"node": c.node, "result": "ok", "attempts": some}}, nil
	case len(some) == 0:
		return fmt.Sprintf("Node %s reported no authentication attempt stats", c.node), nil
	}
	return r, nil
}

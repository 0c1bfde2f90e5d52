package ctl

import (
	"context"
	"fmt"
)

// foreignCommands are about what only RabbitMQ has. They say so, and fail where
// silence would be a lie.
func foreignCommands() []*command {
	refused := func(name string, tools Tool, args, why string) *command {
		return &command{
			name: name, tools: tools, group: "Not in LepusMQ", args: args, max: -1, doc: "Is refused: " + why,
			run: func(context.Context, *call) (any, error) { return nil, fail(exitUnavailable, "%s: %s", name, why) },
		}
	}
	empty := func(name, what, columns string) *command {
		return &command{
			name: name, tools: Ctl | Diagnostics, group: "Not in LepusMQ", max: -1, columns: words(columns), defaults: 1,
			doc:    fmt.Sprintf("Lists %s; there are none", what),
			banner: func(*call) string { return fmt.Sprintf("Listing %s ...", what) },
			run: func(ctx context.Context, c *call) (any, error) {
				return c.reached(ctx, &rows{columns: c.args, listing: true})
			},
		}
	}
	const noErlang = "there is no Erlang: goroutines and memory are shown at /debug/pprof of the metrics, if profiles are enabled"
	const noCookie = "there is no Erlang cookie: who may open the socket in the data folder is an administrator, and others log in"
	return []*command{
		refused("observer", Diagnostics, "[--interval <seconds>]", noErlang),
		refused("remote_shell", Diagnostics, "", noErlang),
		refused("maybe_stuck", Diagnostics, "[--timeout <timeout>]", noErlang),
		refused("erlang_cookie_hash", Diagnostics, "", noCookie),
		refused("erlang_cookie_sources", Diagnostics, "", noCookie),
		refused("schema_info", Ctl|Diagnostics, "[--no-table-headers] [<column> ...]", "there is no Mnesia, and so no schema of it"),
		refused("deactivate_free_disk_space_monitoring", Ctl|Diagnostics, "", "the broker must know when its disk is full; set_disk_free_limit says how full it may be"),
		{
			name: "activate_free_disk_space_monitoring", tools: Ctl | Diagnostics, group: monitoringGroup,
			doc: "Has nothing to do: free disk space is always watched",
			banner: func(c *call) string {
				return fmt.Sprintf("Activating free disk space monitoring on node %s...", c.node)
			},
			run: func(ctx context.Context, c *call) (any, error) { return c.reached(ctx, nil) },
		},
		{
			name: "hipe_compile", tools: Ctl, group: "Not in LepusMQ", args: "<directory>", max: -1, doc: "Does nothing, as in RabbitMQ",
			run: func(context.Context, *call) (any, error) {
				return "This command is a no-op. HiPE is no longer supported by modern Erlang versions", nil
			},
		},
		empty("list_channel_interceptors", "channel interceptors", "name priority"),
		empty("list_mqtt_connections", "MQTT connections", "client_id conn_name user ssl protocol host port"),
		empty("list_stomp_connections", "STOMP connections", "session_id conn_name user ssl protocol host port"),
	}
}

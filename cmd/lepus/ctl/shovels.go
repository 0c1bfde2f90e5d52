package ctl

import (
	"context"
	"fmt"
	"net/http"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

func shovelCommands() []*command {
	const group = "Shovel plugin"
	return []*command{
		{
			name: "delete_shovel", tools: Ctl, group: group, args: "[--vhost <vhost>] <name>", min: 1, max: 1,
			doc:    "Ends a shovel and deletes it",
			banner: func(c *call) string { return fmt.Sprintf("Deleting shovel %s in vhost %s", c.args[0], c.vhost()) },
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.noShovel(c.api.Delete(ctx, api.Path("parameters", "shovel", c.vhost(), c.args[0])))
			},
		},
		{
			name: "restart_shovel", tools: Ctl, group: group, args: "[--vhost <vhost>] <name>", min: 1, max: 1,
			doc: "Ends a shovel and starts it again",
			banner: func(c *call) string {
				return fmt.Sprintf("Restarting dynamic Shovel %s in virtual host %s", c.args[0], c.vhost())
			},
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.noShovel(c.api.Delete(ctx, api.Path("shovels", "vhost", c.vhost(), c.args[0], "restart")))
			},
		},
		{
			name: "shovel_status", tools: Ctl | Diagnostics, group: group, max: -1,
			columns:  words("vhost name type state reason src_uri src_queue src_exchange dest_uri dest_queue dest_exchange ack_mode forwarded pending remaining timestamp"),
			defaults: 4,
			doc:      "Lists the shovels and how they are",
			banner:   func(c *call) string { return "Shovel status on node " + c.node },
			run: func(ctx context.Context, c *call) (any, error) {
				return c.objects(ctx, api.Path("shovels"))
			},
		},
	}
}

func (c *call) noShovel(err error) error {
	if api.Is(err, http.StatusNotFound) {
		return fail(exitUnavailable, "Shovel with the given name was not found in the target virtual host '%s'", c.vhost())
	}
	return err
}

package ctl

import (
	"context"
	"fmt"
)

func upgradeCommands() []*command {
	const group = "Upgrade"
	single := "Target node seems to be the only one in a single node cluster, the command does not apply"
	return []*command{
		{
			name: "await_online_quorum_plus_one", tools: Upgrade, group: group,
			doc: "Waits for the replicas of quorum queues; there is one node",
			banner: func(c *call) string {
				return fmt.Sprintf("Will wait for a quorum + 1 of nodes to be online for all quorum queues for %.0f seconds...", c.timeout.Seconds())
			},
			run: func(ctx context.Context, c *call) (any, error) { return c.reached(ctx, single) },
		},
		{
			name: "await_online_synchronized_mirror", tools: Upgrade, group: group,
			doc: "Waits for mirrors of queues; there are none",
			run: func(ctx context.Context, c *call) (any, error) { return c.reached(ctx, single) },
		},
		{
			name: "drain", tools: Upgrade, group: group,
			doc: "Accepts no more connections and closes those there are",
			banner: func(c *call) string {
				return fmt.Sprintf("Will put node %s into maintenance mode. The node will no longer serve any client traffic!", c.node)
			},
			run: func(ctx context.Context, c *call) (any, error) {
				if err := c.listeners(ctx, false); err != nil {
					return nil, err
				}
				_, err := c.closeWhere(ctx, "Node was put into maintenance mode", 0, func(object) bool { return true })
				return nil, err
			},
		},
		{
			name: "post_upgrade", tools: Upgrade, group: group,
			doc:    "Has nothing to do with one node",
			banner: func(*call) string { return "Executing post upgrade tasks..." },
			run:    func(ctx context.Context, c *call) (any, error) { return c.reached(ctx, nil) },
		},
		{
			name: "revive", tools: Upgrade, group: group,
			doc:    "Accepts connections again after drain",
			banner: func(c *call) string { return fmt.Sprintf("Will put node %s back into regular operating mode", c.node) },
			run:    func(ctx context.Context, c *call) (any, error) { return nil, c.listeners(ctx, true) },
		},
	}
}

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
			name: "post_upgrade", tools: Upgrade, group: group,
			doc:    "Has nothing to do with one node",
			banner: func(*call) string { return "Executing post upgrade tasks..." },
			run:    func(ctx context.Context, c *call) (any, error) { return c.reached(ctx, nil) },
		},
	}
}

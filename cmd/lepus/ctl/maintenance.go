package ctl

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// maintenanceCommands prepare a broker for its end, and take it back from there.
func maintenanceCommands() []*command {
	const group = "Upgrade"
	const single = "Target node seems to be the only one in a single node cluster, the command does not apply"
	about := func(format string) func(*call) string {
		return func(c *call) string { return fmt.Sprintf(format, c.node) }
	}
	asks := func(what string) func(context.Context, *call) (any, error) {
		return func(ctx context.Context, c *call) (any, error) {
			return nil, c.control(ctx, http.MethodPost, what, nil, nil)
		}
	}
	return []*command{
		{
			name: "suspend_listeners", tools: Ctl, group: "Operations", run: asks("suspend-listeners"),
			doc:    "Lets no new client connect until resume_listeners; those who are connected stay",
			banner: about("Will suspend client connection listeners on node %s. The node will no longer accept client connections!"),
		},
		{
			name: "resume_listeners", tools: Ctl, group: "Operations", run: asks("resume-listeners"),
			doc:    "Lets clients connect again",
			banner: about("Will resume client connection listeners on node %s. The node will now accept client connections"),
		},
		{
			name: "drain", tools: Upgrade, group: group, run: asks("drain"),
			doc:    "Puts the broker into maintenance: lets no client connect and closes the connections of those who are",
			banner: about("Will put node %s into maintenance mode. The node will no longer serve any client traffic!"),
		},
		{
			name: "revive", tools: Upgrade, group: group, run: asks("revive"),
			doc:    "Ends the maintenance that drain has begun",
			banner: about("Will put node %s back into regular operating mode. The node will again serve client traffic and host primary queue replicas."),
		},
		{
			name: "await_online_quorum_plus_one", tools: Upgrade, group: group, patience: 2 * time.Minute,
			doc: "Waits for the replicas of quorum queues; there is one node",
			banner: func(c *call) string {
				return fmt.Sprintf("Will wait for a quorum + 1 of nodes to be online for all quorum queues for %.0f seconds...", c.timeout.Seconds())
			},
			run: func(ctx context.Context, c *call) (any, error) { return c.reached(ctx, single) },
		},
		{
			name: "await_online_synchronized_mirror", tools: Upgrade, group: group, patience: 2 * time.Minute,
			doc: "Waits for mirrors of queues; there are none",
			banner: func(c *call) string {
				return fmt.Sprintf("Will wait for a synchronised mirror be online for all classic mirrored queues for %.0f seconds...", c.timeout.Seconds())
			},
			run: func(ctx context.Context, c *call) (any, error) { return c.reached(ctx, single) },
		},
		{
			name: "post_upgrade", tools: Upgrade, group: group, pretty: true,
			doc:    "Spreads queues over the nodes, as rebalance all does; there is one",
			banner: func(*call) string { return "Executing post upgrade tasks...\nRebalancing queue masters..." },
			run:    func(ctx context.Context, c *call) (any, error) { return c.balance(ctx) },
		},
	}
}

// balance is where the queues are: on the one node.
func (c *call) balance(ctx context.Context) (any, error) {
	var all []object
	if err := c.api.Get(ctx, api.Path("queues")+"?columns=type", &all); err != nil {
		return nil, err
	}
	quorum := 0
	for _, q := range all {
		if q["type"] == quorumType {
			quorum++
		}
	}
	return &rows{
		columns: []string{"Node name", "Number of quorum queues", "Number of replicated classic queues"},
		cells:   [][]any{{c.node, quorum, 0}},
	}, nil
}

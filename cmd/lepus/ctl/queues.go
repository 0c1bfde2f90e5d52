package ctl

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

func queueCommands() []*command {
	const group = "Queues"
	single := "Node %s seems to be the only one in a single node cluster, the check does not apply"
	return []*command{
		{
			name: "delete_queue", tools: Ctl, group: group, args: "[--vhost <vhost>] <queue_name> [--if-empty|-e] [--if-unused|-u]", min: 1, max: 1,
			flags:  []flag{{name: "if-empty", short: "e", doc: "only if it has no messages"}, {name: "if-unused", short: "u", doc: "only if it has no consumers"}},
			doc:    "Deletes a queue",
			banner: deleteQueueBanner, run: deleteQueue,
		},
		{
			name: "purge_queue", tools: Ctl, group: group, args: "[--vhost <vhost>] <queue_name>", min: 1, max: 1,
			doc:    "Removes all messages of a queue",
			banner: func(c *call) string { return fmt.Sprintf("Purging queue '%s' in vhost '%s' ...", c.args[0], c.vhost()) },
			run: func(ctx context.Context, c *call) (any, error) {
				err := c.api.Delete(ctx, api.Path("queues", c.vhost(), c.args[0], "contents"))
				if api.Is(err, http.StatusNotFound) {
					return nil, fail(exitUnavailable, "not_found")
				}
				return nil, err
			},
		},
		{
			name: "quorum_status", tools: Queues | Diagnostics, group: monitoringGroup, args: "[--vhost <vhost>] <queue>", min: 1, max: 1, pretty: true,
			doc: "Says where a quorum queue is: on the one node",
			banner: func(c *call) string {
				return fmt.Sprintf("Status of quorum queue %s on node %s ...", c.args[0], c.node)
			},
			run: quorumStatus,
		},
		{
			name: "check_if_node_is_quorum_critical", tools: Queues | Diagnostics, group: monitoringGroup,
			doc: "Checks whether queues would lose their quorum without this node; it is the only one",
			banner: func(c *call) string {
				return fmt.Sprintf("Checking if node %s is critical for quorum of any quorum queues ...", c.node)
			},
			run: func(ctx context.Context, c *call) (any, error) { return c.reached(ctx, fmt.Sprintf(single, c.node)) },
		},
		{
			name: "check_if_node_is_mirror_sync_critical", tools: Queues | Diagnostics, group: monitoringGroup,
			doc: "Checks whether mirrored queues would lose data without this node; there are none",
			banner: func(c *call) string {
				return fmt.Sprintf("Checking if node %s is critical for data safety of any classic mirrored queues ...", c.node)
			},
			run: func(ctx context.Context, c *call) (any, error) { return c.reached(ctx, fmt.Sprintf(single, c.node)) },
		},
	}
}

// reached is a result that only needs a broker that answers.
func (c *call) reached(ctx context.Context, result any) (any, error) {
	if err := c.api.Get(ctx, api.Path("whoami"), nil); err != nil {
		return nil, err
	}
	return result, nil
}

func deleteQueueBanner(c *call) string {
	var only []string
	if c.has("if-empty") {
		only = append(only, "if queue is empty")
	}
	if c.has("if-unused") {
		only = append(only, "if queue is unused")
	}
	b := fmt.Sprintf("Deleting queue '%s' on vhost '%s' ", c.args[0], c.vhost())
	if only != nil {
		b += strings.Join(only, " and ") + " "
	}
	return b + "..."
}

func deleteQueue(ctx context.Context, c *call) (any, error) {
	path := api.Path("queues", c.vhost(), c.args[0])
	var q struct {
		Ready json.Number `json:"messages_ready"`
	}
	if err := c.api.Get(ctx, path+"?columns=messages_ready", &q); err != nil {
		return nil, noQueue(err)
	}
	only := url.Values{}
	for _, name := range []string{"if-empty", "if-unused"} {
		if c.has(name) {
			only.Set(name, "true")
		}
	}
	if err := c.api.Delete(ctx, path+"?"+only.Encode()); err != nil {
		return nil, noQueue(err)
	}
	if q.Ready == "" {
		q.Ready = "0"
	}
	return fmt.Sprintf("Queue was successfully deleted with %s ready messages", q.Ready), nil
}

func noQueue(err error) error {
	if api.Is(err, http.StatusNotFound) {
		return fail(exitUsage, "Queue not found")
	}
	return err
}

func quorumStatus(ctx context.Context, c *call) (any, error) {
	q, err := c.queue(ctx, quorumType, "Cannot get quorum status of a %s queue")
	if err != nil {
		return nil, err
	}
	return &rows{
		columns: []string{"Node Name", "Raft State", "Machine Version"},
		cells:   [][]any{{q["node"], "leader", "0"}},
	}, nil
}

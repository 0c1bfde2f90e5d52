package ctl

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

const quorumType = "quorum"

// maxPeek is how far peek looks into a queue.
const maxPeek = 10_000

// memberCommands are about the members of quorum queues: each has one, on this node.
func memberCommands() []*command {
	const group = "Replication"
	patterns := []flag{
		{name: "vhost-pattern", value: true, doc: "regular expression that the names of virtual hosts fit"},
		{name: "queue-pattern", value: true, doc: "regular expression that the names of queues fit"},
		{name: "errors-only", doc: "only list queues for which it failed"},
	}
	return []*command{
		{
			name: "add_member", tools: Queues, group: group, args: "[--vhost <vhost>] <queue> <node>", min: 2, max: 2,
			flags: []flag{{name: "membership", value: true, doc: "ignored: every member votes"}},
			doc:   "Adds a member to a quorum queue; the one node has one already",
			banner: func(c *call) string {
				return fmt.Sprintf("Adding a replica for queue %s on node %s...", c.args[0], c.args[1])
			},
			run: func(ctx context.Context, c *call) (any, error) {
				if err := c.quorumQueue(ctx, "Cannot add members to a %s queue"); err != nil {
					return nil, err
				}
				return nil, c.isMember(ctx, c.args[1])
			},
		},
		{
			name: "delete_member", tools: Queues, group: group, args: "[--vhost <vhost>] <queue> <node>", min: 2, max: 2,
			doc: "Removes a member of a quorum queue; the only one cannot be removed",
			banner: func(c *call) string {
				return fmt.Sprintf("Removing a replica of queue %s on node %s...", c.args[0], c.args[1])
			},
			run: func(ctx context.Context, c *call) (any, error) {
				if err := c.quorumQueue(ctx, "Cannot add members to a %s queue"); err != nil {
					return nil, err
				}
				if c.isMember(ctx, c.args[1]) == nil {
					return nil, fail(exitUnavailable, "last_node")
				}
				return nil, nil
			},
		},
		{
			name: "grow", tools: Queues, group: group, args: "<node> <all | even> [--vhost-pattern <pattern>] [--queue-pattern <pattern>]", min: 2, max: 2,
			flags: append(patterns, flag{name: "membership", value: true, doc: "ignored: every member votes"}),
			doc:   "Adds members on a node to quorum queues; the one node has them all",
			check: func(c *call) error {
				if c.args[1] != "all" && c.args[1] != "even" {
					return wrongUse(exitUsage, `"strategy '%s' is not recognised."`, c.args[1])
				}
				return c.checkPatterns()
			},
			banner: func(c *call) string { return fmt.Sprintf("Growing %s quorum queues on %s...", c.args[1], c.args[0]) },
			run: func(ctx context.Context, c *call) (any, error) {
				return c.reached(ctx, &rows{columns: words("vhost name size result")})
			},
		},
		{
			name: "shrink", tools: Queues, group: group, args: "<node> [--errors-only]", min: 1, max: 1, flags: patterns[2:],
			doc:    "Removes the members on a node of all quorum queues; the only ones stay",
			banner: func(c *call) string { return fmt.Sprintf("Shrinking quorum queues on %s...", c.args[0]) },
			run:    shrink,
		},
		{
			name: "rebalance", tools: Queues, group: "Cluster", args: "<all|classic|quorum|stream>", min: 1, max: 1, pretty: true,
			flags: patterns[:2],
			doc:   "Spreads queues over the nodes; there is one",
			check: func(c *call) error {
				if !slices.Contains(words("all classic quorum stream"), c.args[0]) {
					return fail(exitUnavailable, "type %s is not supported. Try one of all, classic, quorum.", c.args[0])
				}
				return c.checkPatterns()
			},
			banner: func(c *call) string { return fmt.Sprintf("Re-balancing leaders of %s queues...", c.args[0]) },
			run:    func(ctx context.Context, c *call) (any, error) { return c.balance(ctx) },
		},
		{
			name: "transfer_leadership", tools: Queues, group: group, args: "[--vhost <vhost>] <queue> <node>", min: 1, max: 2,
			doc:    "Has another member lead a quorum queue; there is one",
			banner: func(c *call) string { return fmt.Sprintf("Transferring leadership of queue %s...", c.args[0]) },
			run: func(ctx context.Context, c *call) (any, error) {
				if err := c.quorumQueue(ctx, "Cannot transfer leadership of a %s queue"); err != nil || len(c.args) == 1 {
					return nil, err
				}
				return nil, c.isMember(ctx, c.args[1])
			},
		},
		{
			name: "peek", tools: Queues, group: "Queues", args: "[--vhost <vhost>] <queue> <position>", min: 2, max: 2, pretty: true,
			doc: "Shows a message of a quorum queue, which stays there as it was",
			check: func(c *call) error {
				if n, err := strconv.Atoi(c.args[1]); err != nil || n < 1 {
					return wrongUse(exitUsage, `"position value must be a positive integer"`)
				}
				return nil
			},
			banner: func(c *call) string {
				return fmt.Sprintf("Peeking at quorum queue %s at position %s on node %s ...", c.args[0], c.args[1], c.node)
			},
			run: peek,
		},
		{
			name: "reclaim_quorum_memory", tools: Queues | Diagnostics, group: "Operations", args: "[--vhost <vhost>] <queue>", min: 1, max: 1,
			doc:    "Has memory freed that a quorum queue does not need",
			banner: func(c *call) string { return fmt.Sprintf("Will flush Raft WAL of quorum queue %s ...", c.args[0]) },
			run: func(ctx context.Context, c *call) (any, error) {
				err := c.targetQueue(c.quorumQueue(ctx, "This operation is not applicable to %s queues"))
				if err != nil {
					return nil, err
				}
				return nil, c.control(ctx, http.MethodPost, "collect", nil, nil)
			},
		},
		{
			name: "force_checkpoint", tools: Queues, group: group, args: "[--vhost-pattern <pattern>] [--queue-pattern <pattern>]", flags: patterns,
			doc:    "Has quorum queues note their state; here that is done all the time",
			check:  (*call).checkPatterns,
			banner: func(*call) string { return "Forcing checkpoint for all matching quorum queues..." },
			run: func(ctx context.Context, c *call) (any, error) {
				return c.reached(ctx, &rows{columns: words("vhost name result")})
			},
		},
	}
}

// checkPatterns finds out whether the patterns of names are some.
func (c *call) checkPatterns() error {
	for _, name := range []string{"vhost-pattern", "queue-pattern"} {
		if _, err := regexp.Compile(c.option(name, "")); err != nil {
			return badArgument("%v", err)
		}
	}
	return nil
}

// queue returns a queue as the API has it, if it is of a type; other says that it is
// not, with the type that it is of.
func (c *call) queue(ctx context.Context, kind, other string) (object, error) {
	var q object
	err := c.api.Get(ctx, api.Path("queues", c.vhost(), c.args[0]), &q)
	switch {
	case api.Is(err, http.StatusNotFound):
		return nil, fail(exitUnavailable, notFoundText)
	case err != nil:
		return nil, err
	case q["type"] != kind:
		return nil, fail(exitUnavailable, other, text(q["type"]))
	}
	return q, nil
}

// notFoundText is what some commands say of a queue that there is not.
const notFoundText = "not_found"

func (c *call) quorumQueue(ctx context.Context, other string) error {
	_, err := c.queue(ctx, quorumType, other)
	return err
}

// targetQueue has the words that other commands have for that.
func (c *call) targetQueue(err error) error {
	if f, ok := err.(*failure); ok && f.text == notFoundText {
		return fail(exitUnavailable, "Target queue was not found in virtual host '%s'", c.vhost())
	}
	return err
}

// isMember is the error for a node that there is not.
func (c *call) isMember(ctx context.Context, name string) error {
	err := c.api.Get(ctx, api.Path("nodes", name), nil)
	if api.Is(err, http.StatusNotFound) {
		return fail(exitUnavailable, "node_not_running")
	}
	return err
}

// shrink fails for each queue of a node: it has no other.
func shrink(ctx context.Context, c *call) (any, error) {
	r := &rows{columns: words("vhost name size result")}
	if c.isMember(ctx, c.args[0]) != nil {
		return c.reached(ctx, r) // nothing is there
	}
	var all []object
	if err := c.api.Get(ctx, api.Path("queues")+"?columns=vhost,name,type", &all); err != nil {
		return nil, err
	}
	for _, q := range all {
		if q["type"] == quorumType {
			r.cells = append(r.cells, []any{q["vhost"], q["name"], 1, "error: the last node cannot be removed"})
		}
	}
	return r, nil
}

// peek gets messages up to the one that is wanted, and puts them back as they were.
func peek(ctx context.Context, c *call) (any, error) {
	if err := c.targetQueue(c.quorumQueue(ctx, "Cannot peek into a %s queue")); err != nil {
		return nil, err
	}
	position, err := strconv.Atoi(c.args[1])
	if err != nil || position > maxPeek {
		return nil, fail(exitUnavailable, "only the first %d messages can be looked at", maxPeek)
	}
	var got []struct {
		Exchange   string `json:"exchange"`
		Key        string `json:"routing_key"`
		Payload    string `json:"payload"`
		Properties any    `json:"properties"` // a list if there are none
	}
	err = c.api.Post(ctx, api.Path("queues", c.vhost(), c.args[0], "get"), object{
		"count": position, "ackmode": "ack_requeue_true", "encoding": "auto", "truncate": 64,
	}, &got)
	if err != nil {
		return nil, err
	}
	if len(got) < position {
		return nil, fail(exitUnavailable, "Target queue does not have a message at that position")
	}
	m := got[position-1]
	message := object{"exchange": m.Exchange, "routing_keys": []any{m.Key}, "payload (max 64 bytes)": m.Payload, "header.x-delivery-count": 0}
	properties, _ := m.Properties.(object)
	headers, _ := properties["headers"].(object)
	delete(properties, "headers")
	maps.Copy(message, properties)
	for name, value := range headers {
		message["header."+name] = value
	}
	if c.formatter() == "json" {
		return report{value: object{"result": "ok", "message": message}}, nil
	}
	r := &rows{columns: words("keys values")}
	for _, name := range slices.Sorted(maps.Keys(message)) {
		value := message[name]
		if keys, ok := value.([]any); ok && len(keys) == 1 {
			value = keys[0]
		}
		r.cells = append(r.cells, []any{name, text(value)})
	}
	return r, nil
}

package ctl

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

const vhostGroup = "Virtual hosts"

// vhost is a virtual host as the API has it. Tags are a list, or a text in the
// brokers of some years.
type vhost struct {
	Name             string         `json:"name"`
	Description      string         `json:"description"`
	Tags             any            `json:"tags"`
	DefaultQueueType string         `json:"default_queue_type"`
	Tracing          bool           `json:"tracing"`
	ClusterState     map[string]any `json:"cluster_state"`
	Metadata         map[string]any `json:"metadata"`
}

// vhosts returns all virtual hosts.
func (c *call) vhosts(ctx context.Context) ([]vhost, error) {
	var all []vhost
	err := c.api.Get(ctx, api.Path("vhosts"), &all)
	return all, err
}

func vhostCommands() []*command {
	settings := []flag{
		{name: "description", value: true, doc: "what it is for"},
		{name: "tags", value: true, doc: "tags with commas between them"},
		{name: "default-queue-type", value: true, doc: "what a queue is whose declaration does not say"},
	}
	return []*command{
		{
			name: "add_vhost", tools: Ctl, group: vhostGroup, min: 1, max: 1, flags: settings,
			args:   `<vhost> [--description <description> --tags "<tag1>,<tag2>,<...>" --default-queue-type <quorum|classic|stream>]`,
			doc:    "Adds a virtual host",
			banner: func(c *call) string { return fmt.Sprintf("Adding vhost %q ...", c.args[0]) },
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.api.Put(ctx, api.Path("vhosts", c.args[0]), c.vhostSettings())
			},
		},
		{
			name: "update_vhost_metadata", tools: Ctl, group: vhostGroup, min: 1, max: 1, flags: settings,
			args:   `<vhost> [--description <description>] [--tags "<tag1>,<tag2>,<...>"] [--default-queue-type <quorum|classic|stream>]`,
			doc:    "Changes what a virtual host says of itself",
			banner: func(c *call) string { return fmt.Sprintf("Updating metadata of vhost %q ...", c.args[0]) },
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.changeVHost(ctx, c.args[0], func(body map[string]any) {
					for name, value := range c.vhostSettings() {
						body[name] = value
					}
				})
			},
		},
		{
			name: "delete_vhost", tools: Ctl, group: vhostGroup, args: "<vhost>", min: 1, max: 1,
			doc:    "Deletes a virtual host with all that is in it",
			banner: func(c *call) string { return fmt.Sprintf("Deleting vhost %q ...", c.args[0]) },
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.missing(ctx, c.api.Delete(ctx, api.Path("vhosts", c.args[0])), c.args[0], "")
			},
		},
		{
			name: "list_vhosts", tools: Ctl | Diagnostics, group: accessGroup, max: -1,
			columns:  []string{"name", "tracing", "cluster_state", "metadata", "description", "tags", "default_queue_type"},
			defaults: 1,
			doc:      "Lists virtual hosts",
			banner:   func(*call) string { return "Listing vhosts ..." },
			run:      listVHosts,
		},
		{
			name: "set_vhost_tags", tools: Ctl, group: vhostGroup, args: "<vhost> <tag> [...]", min: 1, max: -1,
			doc: "Sets a virtual host's tags",
			banner: func(c *call) string {
				return fmt.Sprintf("Setting tags for virtual host %q to [%s] ...", c.args[0], strings.Join(c.args[1:], ", "))
			},
			run: func(ctx context.Context, c *call) (any, error) {
				err := c.changeVHost(ctx, c.args[0], func(body map[string]any) { body["tags"] = strings.Join(c.args[1:], ",") })
				if f, ok := err.(*failure); ok && f.code == exitData {
					return nil, fail(exitData, "Virtual host %q does not exist", c.args[0])
				}
				return nil, err
			},
		},
		{
			name: "restart_vhost", tools: Ctl, group: vhostGroup,
			doc: "Starts a virtual host that has failed; here none does alone",
			banner: func(c *call) string {
				return fmt.Sprintf("Trying to restart vhost '%s' on node '%s' ...", c.vhost(), c.node)
			},
			run: func(ctx context.Context, c *call) (any, error) {
				err := c.api.Get(ctx, api.Path("vhosts", c.vhost()), nil)
				if api.Is(err, http.StatusNotFound) {
					return nil, fail(exitSoftware, "Failed to start vhost '%s' on node '%s'Reason: {:no_such_vhost, %q}", c.vhost(), c.node, c.vhost())
				}
				if err != nil {
					return nil, err
				}
				return fmt.Sprintf("Vhost '%s' is already running on node '%s'", c.vhost(), c.node), nil
			},
		},
		protection("disable_vhost_deletion_protection", http.MethodDelete, "Lets a virtual host be deleted again",
			"Removing deletion protection from virtual host %q by updating its metadata..."),
		protection("enable_vhost_deletion_protection", http.MethodPost, "Protects a virtual host from being deleted",
			"Protecting virtual host %q from removal by updating its metadata..."),
		{
			name: "reconcile_vhosts", tools: Ctl, group: vhostGroup,
			doc: "Starts virtual hosts that do not run; here none fails alone",
			banner: func(*call) string {
				return "Will try to initiate virtual host reconciliation on all reachable cluster nodes..."
			},
			run: func(ctx context.Context, c *call) (any, error) {
				return c.reached(ctx, "Will reconcile all virtual hosts in the cluster. This operation is asynchronous.")
			},
		},
		tracing("trace_off", false),
		tracing("trace_on", true),
	}
}

func protection(name, method, doc, banner string) *command {
	return &command{
		name: name, tools: Ctl, group: vhostGroup, args: "<vhost>", min: 1, max: 1, doc: doc,
		banner: func(c *call) string { return fmt.Sprintf(banner, c.args[0]) },
		run: func(ctx context.Context, c *call) (any, error) {
			err := c.api.Do(ctx, api.Request{Method: method, Path: api.Path("vhosts", c.args[0], "deletion", "protection")}, nil)
			return nil, c.missing(ctx, err, c.args[0], "")
		},
	}
}

// vhostSettings are those that were given.
func (c *call) vhostSettings() map[string]any {
	body := make(map[string]any)
	for flag, key := range map[string]string{"description": "description", "tags": "tags", "default-queue-type": "default_queue_type"} {
		if c.has(flag) {
			body[key] = c.option(flag, "")
		}
	}
	return body
}

// changeVHost changes a virtual host and keeps all that change leaves as it is.
func (c *call) changeVHost(ctx context.Context, name string, change func(map[string]any)) error {
	path := api.Path("vhosts", name)
	var v vhost
	if err := c.api.Get(ctx, path, &v); err != nil {
		return c.missing(ctx, err, name, "")
	}
	body := map[string]any{"description": v.Description, "tags": v.tags(), "tracing": v.Tracing}
	if v.DefaultQueueType != "" && v.DefaultQueueType != "undefined" {
		body["default_queue_type"] = v.DefaultQueueType
	}
	change(body)
	return c.api.Put(ctx, path, body)
}

// tags are the tags with commas between them.
func (v *vhost) tags() string {
	switch tags := v.Tags.(type) {
	case string:
		return tags
	case []any:
		var all []string
		for _, t := range tags {
			all = append(all, text(t))
		}
		return strings.Join(all, ",")
	}
	return ""
}

// tracing is trace_on or trace_off.
func tracing(name string, on bool) *command {
	doc, begun, done := "Stops the tracing of messages", "Stopping", "disabled"
	if on {
		doc, begun, done = "Has a copy of each message that is published or delivered go to the exchange amq.rabbitmq.trace", "Starting", "enabled"
	}
	return &command{
		name: name, tools: Ctl, group: vhostGroup, doc: doc,
		banner: func(c *call) string { return fmt.Sprintf("%s tracing for vhost %q ...", begun, c.vhost()) },
		run: func(ctx context.Context, c *call) (any, error) {
			err := c.changeVHost(ctx, c.vhost(), func(body map[string]any) { body["tracing"] = on })
			if err != nil {
				return nil, err
			}
			return fmt.Sprintf("Trace %s for vhost %s", done, c.vhost()), nil
		},
	}
}

func listVHosts(ctx context.Context, c *call) (any, error) {
	all, err := c.vhosts(ctx)
	if err != nil {
		return nil, err
	}
	r := &rows{columns: c.args, listing: true}
	for _, v := range all {
		cell := map[string]any{
			"name": v.Name, "tracing": v.Tracing, "cluster_state": v.ClusterState, "metadata": v.Metadata,
			"description": v.Description, "tags": v.Tags, "default_queue_type": v.DefaultQueueType,
		}
		row := make([]any, len(c.args))
		for i, column := range c.args {
			row[i] = cell[column]
		}
		r.cells = append(r.cells, row)
	}
	return r, nil
}

// asObject reads an argument that must be JSON.
func asObject(arg string) (json.RawMessage, error) {
	if !json.Valid([]byte(arg)) {
		return nil, fail(exitUnavailable, "JSON decoding error. Reason: %q is not valid JSON", arg)
	}
	return json.RawMessage(arg), nil
}

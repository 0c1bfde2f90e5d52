package ctl

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// limits are the bounds of a user or a virtual host, as the API has them.
type limits struct {
	User  string         `json:"user"`
	VHost string         `json:"vhost"`
	Value map[string]any `json:"value"`
}

func limitCommands() []*command {
	return []*command{
		{
			name: "clear_user_limits", tools: Ctl, group: "Users", args: "<username> <limit_type> | all", min: 2, max: 2,
			doc: "Lets a user have any number of connections or channels again",
			banner: func(c *call) string {
				if c.args[1] == "all" {
					return fmt.Sprintf("Clearing all limits for user %q ...", c.args[0])
				}
				return fmt.Sprintf("Clearing %q limit for user %q ...", c.args[1], c.args[0])
			},
			run: clearUserLimits,
		},
		{
			name: "list_user_limits", tools: Ctl | Diagnostics, group: "Users", args: "[--user <username>] [--global]",
			flags: []flag{{name: "user", value: true, doc: "whose limits; guest if none is named"}, {name: "global", doc: "of all users"}},
			doc:   "Lists what users may have open",
			banner: func(c *call) string {
				if c.has("global") {
					return "Listing limits for all users ..."
				}
				return fmt.Sprintf("Listing limits for user %q ...", c.option("user", "guest"))
			},
			run: listUserLimits,
		},
		{
			name: "set_user_limits", tools: Ctl, group: "Users", args: "<username> <definition>", min: 2, max: 2,
			doc: `Bounds what a user may have open: {"max-connections": 10, "max-channels": 100}`,
			banner: func(c *call) string {
				return fmt.Sprintf(`Setting user limits to "%s" for user %q ...`, c.args[1], c.args[0])
			},
			run: func(ctx context.Context, c *call) (any, error) {
				if err := c.api.Get(ctx, api.Path("users", c.args[0]), nil); err != nil {
					return nil, noSuchUser(c.missing(ctx, err, "", c.args[0]), c.args[0])
				}
				err := c.setLimits(ctx, c.args[1], "user-limits", c.args[0], []string{"max-connections", "max-channels"})
				return nil, err
			},
		},
		{
			name: "clear_vhost_limits", tools: Ctl, group: vhostGroup,
			doc:    "Lets a virtual host have any number of connections and queues again",
			banner: func(c *call) string { return fmt.Sprintf("Clearing vhost %q limits ...", c.vhost()) },
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.missing(ctx, c.clearLimits(ctx, "vhost-limits", c.vhost(), "max-connections", "max-queues"), c.vhost(), "")
			},
		},
		{
			name: "list_vhost_limits", tools: Ctl | Diagnostics, group: vhostGroup, args: "[--vhost <vhost>] [--global]",
			flags: []flag{{name: "global", doc: "of all virtual hosts"}},
			doc:   "Lists what virtual hosts may hold",
			banner: func(c *call) string {
				if c.has("global") {
					return "Listing limits for all vhosts ..."
				}
				return fmt.Sprintf("Listing limits for vhost %q ...", c.vhost())
			},
			run: listVHostLimits,
		},
		{
			name: "set_vhost_limits", tools: Ctl, group: vhostGroup, args: "[--vhost <vhost>] <definition>", min: 1, max: 1,
			doc: `Bounds what a virtual host may hold: {"max-connections": 10, "max-queues": 100}`,
			banner: func(c *call) string {
				return fmt.Sprintf(`Setting vhost limits to "%s" for vhost %q ...`, c.args[0], c.vhost())
			},
			run: func(ctx context.Context, c *call) (any, error) {
				err := c.setLimits(ctx, c.args[0], "vhost-limits", c.vhost(), []string{"max-connections", "max-queues"})
				return nil, c.missing(ctx, err, c.vhost(), "")
			},
		},
	}
}

// setLimits puts each of the limits in a JSON object in force. Nothing is done
// if there is a name among them that is none.
func (c *call) setLimits(ctx context.Context, definition, what, whose string, known []string) error {
	raw, err := asObject(definition)
	if err != nil {
		return err
	}
	var values map[string]json.Number
	if err := json.Unmarshal(raw, &values); err != nil {
		return fail(exitUnavailable, "Validation failed\n\nthe limits must be an object of numbers: %v\n", err)
	}
	for name, value := range values {
		if !slices.Contains(known, name) {
			return fail(exitUnavailable, "Validation failed\n\nUnrecognised terms [{<<%q>>,%s}] in %s\n", name, value, what)
		}
	}
	for name, value := range values {
		if err := c.api.Put(ctx, api.Path(what, whose, name), map[string]any{"value": value}); err != nil {
			return err
		}
	}
	return nil
}

// clearLimits takes limits away, those that there are.
func (c *call) clearLimits(ctx context.Context, what, whose string, names ...string) error {
	for _, name := range names {
		err := c.api.Delete(ctx, api.Path(what, whose, name))
		if err != nil && !api.Is(err, http.StatusNotFound) {
			return err
		}
	}
	return nil
}

func clearUserLimits(ctx context.Context, c *call) (any, error) {
	names := c.args[1:]
	if c.args[1] == "all" {
		names = []string{"max-connections", "max-channels"}
	}
	err := c.clearLimits(ctx, "user-limits", c.args[0], names...)
	return nil, noSuchUser(c.missing(ctx, err, "", c.args[0]), c.args[0])
}

func listUserLimits(ctx context.Context, c *call) (any, error) {
	var all []limits
	if c.has("global") {
		if err := c.api.Get(ctx, api.Path("user-limits"), &all); err != nil {
			return nil, err
		}
		r := &rows{columns: []string{"user", "limits"}}
		for _, l := range all {
			r.cells = append(r.cells, []any{l.User, l.text()})
		}
		return r, nil
	}
	name := c.option("user", "guest")
	if err := c.api.Get(ctx, api.Path("users", name), nil); err != nil {
		return nil, noSuchUser(c.missing(ctx, err, "", name), name)
	}
	if err := c.api.Get(ctx, api.Path("user-limits", name), &all); err != nil && !api.Is(err, http.StatusNotFound) {
		return nil, err
	}
	if len(all) == 0 {
		return "{}", nil
	}
	return all[0].text(), nil
}

func listVHostLimits(ctx context.Context, c *call) (any, error) {
	var all []limits
	if c.has("global") {
		if err := c.api.Get(ctx, api.Path("vhost-limits"), &all); err != nil {
			return nil, err
		}
		r := &rows{columns: []string{"vhost", "limits"}}
		for _, l := range all {
			r.cells = append(r.cells, []any{l.VHost, l.text()})
		}
		return r, nil
	}
	if err := c.api.Get(ctx, api.Path("vhost-limits", c.vhost()), &all); err != nil {
		return nil, c.missing(ctx, err, c.vhost(), "")
	}
	if len(all) == 0 || len(all[0].Value) == 0 {
		return &rows{}, nil
	}
	return all[0].text(), nil
}

// text is the limits as JSON.
func (l *limits) text() string {
	text, err := asJSON(l.Value)
	if err != nil {
		return ""
	}
	return text
}

package ctl

import (
	"context"
	"fmt"
	"net/http"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

func topicPermissionCommands() []*command {
	return []*command{
		{
			name: "clear_topic_permissions", tools: Ctl, group: accessGroup, args: "<username> [<exchange>]", min: 1, max: 2,
			doc: "Lets a user use every routing key again, on one topic exchange or on all of a virtual host",
			banner: func(c *call) string {
				if len(c.args) == 2 {
					return fmt.Sprintf("Clearing topic permissions on %q for user %q in vhost %q ...", c.args[1], c.args[0], c.vhost())
				}
				return fmt.Sprintf("Clearing topic permissions for user %q in vhost %q ...", c.args[0], c.vhost())
			},
			run: clearTopicPermissions,
		},
		{
			name: "list_topic_permissions", tools: Ctl | Diagnostics, group: accessGroup,
			doc:    "Lists who may use which routing keys in a virtual host",
			banner: func(c *call) string { return fmt.Sprintf("Listing topic permissions for vhost %q ...", c.vhost()) },
			run:    listTopicPermissions,
		},
		{
			name: "list_user_topic_permissions", tools: Ctl | Diagnostics, group: accessGroup, args: "<username>", min: 1, max: 1,
			doc:    "Lists which routing keys a user may use",
			banner: func(c *call) string { return fmt.Sprintf("Listing topic permissions for user %q ...", c.args[0]) },
			run:    listUserTopicPermissions,
		},
		{
			name: "set_topic_permissions", tools: Ctl, group: accessGroup, args: "<username> <exchange> <write> <read>", min: 4, max: 4,
			doc: "Says with patterns which routing keys a user may use on a topic exchange",
			banner: func(c *call) string {
				return fmt.Sprintf("Setting topic permissions on %q for user %q in vhost %q ...", c.args[1], c.args[0], c.vhost())
			},
			run: func(ctx context.Context, c *call) (any, error) {
				err := c.api.Put(ctx, api.Path("topic-permissions", c.vhost(), c.args[0]),
					map[string]string{"exchange": c.args[1], "write": c.args[2], "read": c.args[3]})
				return nil, c.noUserHere(ctx, err)
			},
		},
	}
}

func clearTopicPermissions(ctx context.Context, c *call) (any, error) {
	path := append([]string{"topic-permissions", c.vhost()}, c.args...)
	err := c.noUserHere(ctx, c.api.Delete(ctx, api.Path(path...)))
	if api.Is(err, http.StatusNotFound) {
		return nil, nil // there are none
	}
	return nil, err
}

func listTopicPermissions(ctx context.Context, c *call) (any, error) {
	return c.rights(ctx, "topic-permissions", &rows{columns: words("user exchange write read")},
		func(p *permission) []any { return []any{p.User, p.Exchange, p.Write, p.Read} })
}

func listUserTopicPermissions(ctx context.Context, c *call) (any, error) {
	return c.rightsOf(ctx, "topic-permissions", &rows{columns: words("vhost exchange write read"), bare: true},
		func(p *permission) []any { return []any{p.VHost, p.Exchange, p.Write, p.Read} })
}

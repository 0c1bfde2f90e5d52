package ctl

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// permission is what a user may do in a virtual host, as the API has it.
type permission struct {
	User      string `json:"user"`
	VHost     string `json:"vhost"`
	Exchange  string `json:"exchange,omitempty"`
	Configure string `json:"configure,omitempty"`
	Write     string `json:"write"`
	Read      string `json:"read"`
}

const accessGroup = "Access Control"

func permissionCommands() []*command {
	return []*command{
		{
			name: "clear_permissions", tools: Ctl, group: accessGroup, args: "<username>", min: 1, max: 1,
			doc: "Takes a user's permissions in a virtual host away",
			banner: func(c *call) string {
				return fmt.Sprintf("Clearing permissions for user %q in vhost %q ...", c.args[0], c.vhost())
			},
			run: clearPermissions,
		},
		{
			name: "list_permissions", tools: Ctl | Diagnostics, group: accessGroup,
			doc:    "Lists who may do what in a virtual host",
			banner: func(c *call) string { return fmt.Sprintf("Listing permissions for vhost %q ...", c.vhost()) },
			run:    listPermissions,
		},
		{
			name: "list_user_permissions", tools: Ctl | Diagnostics, group: accessGroup, args: "<username>", min: 1, max: 1,
			doc:    "Lists what a user may do in each virtual host",
			banner: func(c *call) string { return fmt.Sprintf("Listing permissions for user %q ...", c.args[0]) },
			run:    listUserPermissions,
		},
		{
			name: "set_permissions", tools: Ctl, group: accessGroup, args: "<username> <configure> <write> <read>", min: 4, max: 4,
			doc: "Says with patterns of names what a user may do in a virtual host",
			banner: func(c *call) string {
				return fmt.Sprintf("Setting permissions for user %q in vhost %q ...", c.args[0], c.vhost())
			},
			run: setPermissions,
		},
		{
			name: "set_permissions_globally", tools: Ctl, group: accessGroup, args: "<username> <configure> <write> <read>", min: 4, max: 4,
			doc: "Says with patterns of names what a user may do in every virtual host that there is",
			banner: func(c *call) string {
				return fmt.Sprintf("Setting permissions for user %q in all virtual hosts ...", c.args[0])
			},
			run: func(ctx context.Context, c *call) (any, error) {
				hosts, err := c.vhosts(ctx)
				if err != nil {
					return nil, err
				}
				for _, h := range hosts {
					c.options["vhost"] = h.Name
					if _, err := setPermissions(ctx, c); err != nil {
						return nil, err
					}
				}
				return nil, nil
			},
		},
	}
}

// noUserHere is the error for a user, where RabbitMQ's tools do without quotes.
func (c *call) noUserHere(ctx context.Context, err error) error {
	var f *failure
	err = c.missing(ctx, err, c.vhost(), c.args[0])
	if errors.As(err, &f) && f.code == exitNoUser {
		return fail(exitNoUser, "User %s does not exist", c.args[0])
	}
	return err
}

func setPermissions(ctx context.Context, c *call) (any, error) {
	err := c.api.Put(ctx, api.Path("permissions", c.vhost(), c.args[0]),
		map[string]string{"configure": c.args[1], "write": c.args[2], "read": c.args[3]})
	err = c.noUserHere(ctx, err)
	var f *failure
	if errors.As(err, &f) && f.code == exitData {
		return nil, fail(exitUnavailable, "Virtual host %s does not exist", c.vhost())
	}
	return nil, err
}

func clearPermissions(ctx context.Context, c *call) (any, error) {
	err := c.noUserHere(ctx, c.api.Delete(ctx, api.Path("permissions", c.vhost(), c.args[0])))
	if api.Is(err, http.StatusNotFound) {
		return nil, nil // there are none to take away
	}
	return nil, err
}

// rights lists in a table what users may do in a virtual host: permissions, or topic
// permissions.
func (c *call) rights(ctx context.Context, what string, to *rows, row func(*permission) []any) (any, error) {
	var all []permission
	if err := c.api.Get(ctx, api.Path("vhosts", c.vhost(), what), &all); err != nil {
		return nil, c.missing(ctx, err, c.vhost(), "")
	}
	return to.permissions(all, row), nil
}

// rightsOf is rights for a user in all virtual hosts.
func (c *call) rightsOf(ctx context.Context, what string, to *rows, row func(*permission) []any) (any, error) {
	var all []permission
	if err := c.api.Get(ctx, api.Path("users", c.args[0], what), &all); err != nil {
		return nil, noSuchUser(c.missing(ctx, err, "", c.args[0]), c.args[0])
	}
	return to.permissions(all, row), nil
}

func (r *rows) permissions(all []permission, row func(*permission) []any) *rows {
	for i := range all {
		r.cells = append(r.cells, row(&all[i]))
	}
	return r
}

func listPermissions(ctx context.Context, c *call) (any, error) {
	return c.rights(ctx, "permissions", &rows{columns: words("user configure write read")},
		func(p *permission) []any { return []any{p.User, p.Configure, p.Write, p.Read} })
}

func listUserPermissions(ctx context.Context, c *call) (any, error) {
	return c.rightsOf(ctx, "permissions", &rows{columns: words("vhost configure write read")},
		func(p *permission) []any { return []any{p.VHost, p.Configure, p.Write, p.Read} })
}

// noSuchUser is what some commands of RabbitMQ's say of a user that is missing,
// with another code.
func noSuchUser(err error, name string) error {
	var f *failure
	if errors.As(err, &f) && f.code == exitNoUser {
		return fail(exitUnavailable, "{:no_such_user, %q}", name)
	}
	return err
}

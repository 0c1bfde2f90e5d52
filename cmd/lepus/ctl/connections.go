package ctl

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

func connectionCommands() []*command {
	const group = "Operations"
	list := listing{
		name: "list_connections", doc: "Lists connections", defaults: 4,
		columns: words("user peer_host peer_port state pid name port host ssl ssl_protocol ssl_key_exchange ssl_cipher ssl_hash " +
			"peer_cert_subject peer_cert_issuer peer_cert_validity channels protocol auth_mechanism vhost timeout frame_max channel_max " +
			"client_properties recv_oct recv_cnt send_oct send_cnt send_pend connected_at node"),
		banner: func(*call) string { return "Listing connections ..." },
		path:   func(*call) string { return api.Path("connections") }, value: processName,
	}.command()
	return []*command{
		list,
		{
			name: "close_all_connections", tools: Ctl, group: group, args: "[--vhost <vhost>] [--limit <limit>] [--per-connection-delay <delay>] <explanation>",
			min: 1, max: 1,
			flags: []flag{
				{name: "limit", value: true, number: true, doc: "how many at most; 0 is all"},
				{name: "per-connection-delay", value: true, number: true, doc: "ignored: the clients of this broker may all come back at once"},
				{name: "global", doc: "in all virtual hosts, as when none is named"},
			},
			doc: "Closes all connections, or those of a virtual host",
			banner: func(c *call) string {
				if c.has("vhost") {
					return fmt.Sprintf("Closing all connections in vhost %s, reason: %s...", c.vhost(), c.args[0])
				}
				return fmt.Sprintf("Closing all connections (across all vhosts), reason: %s...", c.args[0])
			},
			run: closeAllConnections,
		},
		{
			name: "close_all_user_connections", tools: Ctl, group: group, args: "<username> <explanation>", min: 2, max: 2,
			doc: "Closes all connections of a user",
			banner: func(c *call) string {
				return fmt.Sprintf("Closing connections of user %s, reason: %s...", c.args[0], c.args[1])
			},
			run: func(ctx context.Context, c *call) (any, error) {
				_, err := c.closeWhere(ctx, c.args[1], 0, func(o object) bool { return o["user"] == c.args[0] })
				return nil, err
			},
		},
		{
			name: "close_connection", tools: Ctl, group: group, args: "<connection pid or name> <explanation>", min: 2, max: 2,
			doc:    "Closes a connection, with an explanation for its client",
			banner: func(c *call) string { return fmt.Sprintf("Closing connection %s, reason: %s...", c.args[0], c.args[1]) },
			run: func(ctx context.Context, c *call) (any, error) {
				name, err := url.PathUnescape(c.args[0])
				if err != nil {
					name = c.args[0]
				}
				if name == "" {
					return nil, fail(exitUnavailable, "a connection has a name")
				}
				err = c.closeConnection(ctx, name, c.args[1])
				if api.Is(err, http.StatusNotFound) {
					return nil, fail(exitUnavailable, "there is no connection %s", name)
				}
				return nil, err
			},
		},
	}
}

// closeConnection closes a connection by its name.
func (c *call) closeConnection(ctx context.Context, name, reason string) error {
	return c.api.Do(ctx, api.Request{
		Method: http.MethodDelete, Path: api.Path("connections", name), Header: http.Header{"X-Reason": {reason}},
	}, nil)
}

// closeWhere closes the connections that fit, most of them at most, and returns
// how many. One that ends by itself meanwhile is as good as closed.
func (c *call) closeWhere(ctx context.Context, reason string, most int, fits func(object) bool) (int, error) {
	var all []object
	if err := c.api.Get(ctx, api.Path("connections")+"?columns=name,user,vhost", &all); err != nil {
		return 0, err
	}
	closed := 0
	for _, o := range all {
		if !fits(o) || most > 0 && closed == most {
			continue
		}
		err := c.closeConnection(ctx, text(o["name"]), reason)
		if err != nil && !api.Is(err, http.StatusNotFound) {
			return closed, err
		}
		closed++
	}
	return closed, nil
}

func closeAllConnections(ctx context.Context, c *call) (any, error) {
	n, err := c.closeWhere(ctx, c.args[0], c.number("limit", 0), func(o object) bool {
		return !c.has("vhost") || o["vhost"] == c.vhost()
	})
	if err != nil {
		return nil, err
	}
	return fmt.Sprintf("Closed %d connections", n), nil
}

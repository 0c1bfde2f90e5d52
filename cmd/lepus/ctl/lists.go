package ctl

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

const monitoringGroup = "Monitoring, observability and health checks"

// object is something that the API lists.
type object = map[string]any

// listing describes one of the list_ commands: its columns are the API's keys,
// except those in keys.
type listing struct {
	name, doc string
	defaults  int
	columns   []string
	keys      map[string]string // column to key; dots go into objects
	banner    func(*call) string
	path      func(*call) string // under /api
	value     func(object, string) any
	flags     []flag
	filter    func(*call, object) bool
}

func listCommands() []*command {
	vhosts := func(what, dots string) func(*call) string {
		return func(c *call) string { return fmt.Sprintf("Listing %s for vhost %s%s", what, c.vhost(), dots) }
	}
	under := func(what string) func(*call) string {
		return func(c *call) string { return api.Path(what, c.vhost()) }
	}
	return []*command{
		listing{
			name: "list_bindings", doc: "Lists the bindings of a virtual host", defaults: 6,
			columns: words("source_name source_kind destination_name destination_kind routing_key arguments vhost"),
			keys:    map[string]string{"source_name": "source", "destination_name": "destination", "destination_kind": "destination_type"},
			banner:  vhosts("bindings", "..."), path: under("bindings"),
			value: func(_ object, column string) any {
				if column == "source_kind" {
					return "exchange"
				}
				return nil
			},
		}.command(),
		listing{
			name: "list_channels", doc: "Lists channels", defaults: 4,
			columns: words("pid user consumer_count messages_unacknowledged connection name number vhost transactional confirm " +
				"messages_uncommitted acks_uncommitted messages_unconfirmed prefetch_count global_prefetch_count state"),
			keys:   map[string]string{"connection": "connection_details.name"},
			banner: func(*call) string { return "Listing channels ..." },
			path:   func(*call) string { return api.Path("channels") }, value: processName,
		}.command(),
		listing{
			name: "list_consumers", doc: "Lists the consumers of a virtual host", defaults: 7,
			columns: words("queue_name channel_pid consumer_tag ack_required prefetch_count active arguments activity_status"),
			keys:    map[string]string{"queue_name": "queue.name", "channel_pid": "channel_details.name"},
			banner:  func(c *call) string { return fmt.Sprintf("Listing consumers in vhost %s ...", c.vhost()) },
			path:    under("consumers"),
			value: func(o object, column string) any {
				if column == "channel_pid" {
					return url.PathEscape(text(dig(o, "channel_details.name")))
				}
				return nil
			},
		}.command(),
		listing{
			name: "list_exchanges", doc: "Lists the exchanges of a virtual host", defaults: 2,
			columns: words("name type durable auto_delete internal arguments policy user_who_performed_action vhost"),
			banner:  vhosts("exchanges", " ..."), path: under("exchanges"),
		}.command(),
		listing{
			name: "list_queues", doc: "Lists the queues of a virtual host", defaults: 2,
			columns: words("name messages arguments auto_delete consumer_capacity consumer_utilisation consumers disk_reads disk_writes durable " +
				"exclusive exclusive_consumer_pid exclusive_consumer_tag head_message_timestamp leader members memory message_bytes " +
				"message_bytes_persistent message_bytes_ram message_bytes_ready message_bytes_unacknowledged messages_persistent messages_ram " +
				"messages_ready messages_ready_ram messages_unacknowledged messages_unacknowledged_ram online owner_pid pid policy " +
				"slave_pids state synchronised_slave_pids type vhost"),
			keys: map[string]string{"owner_pid": "owner_pid_details.name", "leader": "node"},
			banner: func(c *call) string {
				return fmt.Sprintf("Timeout: %.1f seconds ...\n%s", c.timeout.Seconds(), vhosts("queues", " ...")(c))
			},
			path: under("queues"), value: processName,
			flags: []flag{
				{name: "online", doc: "those on nodes that run: all"}, {name: "offline", doc: "those on nodes that do not run: none"},
				{name: "local", doc: "those of this node: all"},
			},
			filter: func(c *call, _ object) bool { return !c.has("offline") },
		}.command(),
		{
			name: "list_unresponsive_queues", tools: Ctl | Diagnostics, group: monitoringGroup, max: -1,
			columns: words("name messages"), defaults: 1,
			doc:    "Lists queues that do not answer; here none fails alone",
			banner: func(c *call) string { return vhosts("unresponsive queues", " ...")(c) },
			run: func(ctx context.Context, c *call) (any, error) {
				err := c.api.Get(ctx, api.Path("vhosts", c.vhost()), nil)
				return &rows{columns: c.args, listing: true}, c.missing(ctx, err, c.vhost(), "")
			},
		},
	}
}

// objects lists what is under a path of the API as it is: its keys are the columns.
func (c *call) objects(ctx context.Context, path string) (any, error) {
	var all []object
	if err := c.api.Get(ctx, path, &all); err != nil {
		return nil, err
	}
	r := &rows{columns: c.args, listing: true}
	for _, o := range all {
		row := make([]any, len(c.args))
		for i, column := range c.args {
			row[i] = o[column]
		}
		r.cells = append(r.cells, row)
	}
	return r, nil
}

func words(s string) []string { return strings.Fields(s) }

// command turns the listing into a row of the table of commands.
func (l listing) command() *command {
	return &command{
		name: l.name, tools: Ctl | Diagnostics, group: monitoringGroup, max: -1, columns: l.columns, defaults: l.defaults,
		flags: l.flags, doc: l.doc, banner: l.banner,
		run: func(ctx context.Context, c *call) (any, error) { return l.run(ctx, c) },
	}
}

func (l *listing) run(ctx context.Context, c *call) (any, error) {
	keys := make([]string, len(c.args))
	for i, column := range c.args {
		keys[i] = l.key(column)
	}
	var all []object
	err := c.api.Get(ctx, l.path(c)+"?columns="+url.QueryEscape(strings.Join(append(keys, "name"), ",")), &all)
	if err != nil {
		return nil, c.missing(ctx, err, c.vhost(), "")
	}
	r := &rows{columns: c.args, listing: true}
	for _, o := range all {
		if l.filter == nil || l.filter(c, o) {
			r.cells = append(r.cells, l.row(o, c.args))
		}
	}
	return r, nil
}

func (l *listing) key(column string) string {
	if key, ok := l.keys[column]; ok {
		return key
	}
	return column
}

func (l *listing) row(o object, columns []string) []any {
	row := make([]any, len(columns))
	for i, column := range columns {
		v := dig(o, l.key(column))
		if l.value != nil {
			if own := l.value(o, column); own != nil {
				v = own
			}
		}
		if column == "arguments" || column == "client_properties" {
			table, _ := v.(object)
			v = arguments(table)
		}
		row[i] = v
	}
	return row
}

// dig returns what is under a key of dots.
func dig(o object, key string) any {
	first, rest, deeper := strings.Cut(key, ".")
	v := o[first]
	if !deeper {
		return v
	}
	inner, ok := v.(object)
	if !ok {
		return nil
	}
	return dig(inner, rest)
}

// processName is what stands for the Erlang process of a queue, channel or
// connection: its name, in one word, which commands that want a process take.
func processName(o object, column string) any {
	if column != "pid" || o["pid"] != nil {
		return nil
	}
	return url.PathEscape(text(o["name"]))
}

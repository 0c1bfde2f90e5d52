package management

import (
	"fmt"
	"strings"

	"github.com/lepusmq/lepus/broker/stats"
)

func channelResources() []resource {
	return []resource{
		{path: "channels", read: manager, get: listChannels},
		{path: "channels/{channel}", read: manager, get: getChannel},
		{path: "vhosts/{vhost}/channels", read: manager, get: listChannels},
		{path: "consumers", read: manager, get: listConsumers},
		{path: "consumers/{vhost}", read: manager, get: listConsumers},
	}
}

// channels returns the channels that are for who asks and are wanted.
func (q *request) channels(wanted func(*stats.Channel) bool) []stats.Channel {
	var all []stats.Channel
	for _, c := range q.server.broker.Channels() {
		if q.owns(c.User) && wanted(&c) {
			all = append(all, c)
		}
	}
	return all
}

func (q *request) listChannels(wanted func(*stats.Channel) bool) error {
	if err := q.refusePlain(); err != nil {
		return err
	}
	q.server.sampler.look(channels)
	all, spans := q.channels(wanted), q.spans()
	return q.list(list{
		n:    len(all),
		name: func(i int) string { return all[i].Name },
		row:  func(i int) object { return q.channelRow(&all[i], &spans) },
	})
}

func listChannels(q *request) error {
	host, only := q.args["vhost"]
	return q.listChannels(func(c *stats.Channel) bool { return !only || c.VHost == host })
}

func listConnectionChannels(q *request) error {
	one, err := q.connection()
	if err != nil {
		return err
	}
	return q.listChannels(func(c *stats.Channel) bool { return c.Connection == one.ID })
}

func (q *request) channelRow(c *stats.Channel, spans *spans) object {
	connection := c.Name[:max(len(c.Name)-len(fmt.Sprintf(" (%d)", c.Number)), 0)]
	peerHost, peerPort := peerOf(connection)
	row := object{
		"name": c.Name, "number": c.Number, "node": q.server.nodeName(),
		"user": c.User, "user_who_performed_action": c.User, "vhost": c.VHost, "state": c.State,
		"connection_details": object{"name": connection, "peer_host": peerHost, "peer_port": peerPort},
		"consumer_count":     c.Consumers, "prefetch_count": c.Prefetch, "global_prefetch_count": c.GlobalPrefetch,
		"confirm": c.Confirming, "transactional": c.Transacting,
		"messages_unacknowledged": c.Unacked, "messages_unconfirmed": c.Unconfirmed,
		"messages_uncommitted": c.Uncommitted, "acks_uncommitted": c.AcksUncommitted,
		"pending_raft_commands": 0, "garbage_collection": noCollection(),
		"reductions": 0, "reductions_details": object{"rate": rate(0)},
	}
	if !c.IdleSince.IsZero() {
		row["idle_since"] = c.IdleSince.UTC().Format(idleFormat)
	}
	h := q.history(place{channels, "", c.Name}, spans)
	if m := h.messageStats(channelMessages(), messageSample(0, c.Unacked, &c.Messages), spans.messages); m != nil {
		row["message_stats"] = m
	}
	return row
}

// peerOf is where the client of a connection of that name is; the broker's own have no
// such place.
func peerOf(connection string) (host, port any) {
	peer, _, ok := strings.Cut(connection, " -> ")
	if !ok {
		return "undefined", "undefined"
	}
	return hostPort(peer)
}

func getChannel(q *request) error {
	if err := q.refusePlain(); err != nil {
		return err
	}
	q.server.sampler.look(channels)
	for _, c := range q.server.broker.Channels() {
		if c.Name != q.arg("channel") {
			continue
		}
		if !q.owns(c.User) {
			return notAuthorised("User not authorised to access object")
		}
		spans := q.spans()
		row := q.channelRow(&c, &spans)
		consumers, err := q.consumers(c.VHost, func(one *stats.Consumer) bool {
			return one.Connection == c.Connection && one.Channel == c.Number
		})
		if err != nil {
			return err
		}
		row["consumer_details"] = listed(consumers)
		q.addChannelParts(row, &c)
		return q.show(row)
	}
	return notFound()
}

// consumers returns the consumers of a virtual host that are wanted, as rows.
func (q *request) consumers(host string, wanted func(*stats.Consumer) bool) ([]object, error) {
	all, err := q.server.broker.Consumers(host)
	if err != nil {
		return nil, notFound()
	}
	var shown []object
	for i := range all {
		if wanted(&all[i]) {
			shown = append(shown, q.consumerRow(&all[i]))
		}
	}
	return shown, nil
}

func (q *request) consumerRow(c *stats.Consumer) object {
	peerHost, peerPort := peerOf(c.ConnectionName)
	return object{
		"consumer_tag": c.Tag, "queue": object{"name": c.Queue, "vhost": c.VHost},
		"ack_required": c.AckRequired, "exclusive": c.Exclusive, "prefetch_count": c.Prefetch,
		"active": c.Active, "activity_status": c.Status, "consumer_timeout": c.AckTimeout.Milliseconds(), "arguments": c.Arguments,
		"channel_details": object{
			"name": fmt.Sprintf("%s (%d)", c.ConnectionName, c.Channel), "number": c.Channel, "user": c.User,
			"connection_name": c.ConnectionName, "peer_host": peerHost, "peer_port": peerPort,
			"node": q.server.nodeName(),
		},
	}
}

func listConsumers(q *request) error {
	if err := q.refusePlain(); err != nil {
		return err
	}
	var all []object
	for _, host := range q.hosts() {
		in, err := q.consumers(host, func(*stats.Consumer) bool { return true })
		if err != nil {
			continue // deleted meanwhile
		}
		all = append(all, in...)
	}
	return q.list(rows(all, "consumer_tag"))
}

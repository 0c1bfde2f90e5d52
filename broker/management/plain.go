package management

import (
	"github.com/lepusmq/lepus/broker/stats"
)

// Plain rows have no statistics: that is what disable_stats asks for, which spares
// RabbitMQ much work, and what some clients always ask for.

// plain says that no statistics are to be shown.
func (q *request) plain() bool {
	return q.server.cfg.DisableStats || q.URL.Query().Get("disable_stats") == "true"
}

// queueTotals says that lengths of queues are to be shown even so.
func (q *request) queueTotals() bool {
	return q.server.cfg.QueueTotals || q.URL.Query().Get("enable_queue_totals") == "true"
}

// refusePlain is the error for what is nothing but statistics, in RabbitMQ's words.
func (q *request) refusePlain() error {
	if q.plain() {
		return badRequest("Stats in management UI are disabled on this node")
	}
	return nil
}

func (q *request) plainQueue(one *stats.Queue) object {
	row := object{
		"name": one.Name, "vhost": one.VHost, "type": one.Type, "durable": one.Durable, "auto_delete": one.AutoDelete,
		"exclusive": one.Exclusive, "arguments": one.Arguments, "node": q.server.nodeName(), "state": "running",
	}
	if one.Policy != "" {
		row["policy"] = one.Policy
	}
	if one.Type == "quorum" {
		q.addMembers(row)
	}
	if q.queueTotals() {
		row["messages"], row["messages_ready"], row["messages_unacknowledged"] = one.Ready+one.Unacked, one.Ready, one.Unacked
	}
	return row
}

func (q *request) plainConnection(c *stats.Connection) object {
	return object{"name": c.Name, "vhost": c.VHost, "user": c.User, "node": q.server.nodeName()}
}

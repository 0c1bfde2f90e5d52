package management

import (
	"io"
	"net/http"
	"time"

	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
)

func queueResources() []resource {
	return []resource{
		{path: "queues", read: manager, get: listQueues},
		{path: "queues/detailed", read: manager, get: listQueues},
		{path: "queues/{vhost}", read: manager, get: listQueues},
		{path: "queues/{vhost}/{queue}", read: manager, write: manager,
			get: getQueue, put: putQueue, delete: deleteQueue},
		{path: "queues/{vhost}/{queue}/bindings", read: manager, get: listQueueBindings},
		{path: "queues/{vhost}/{queue}/contents", write: manager, delete: purgeQueue},
		{path: "queues/{vhost}/{queue}/actions", write: manager, post: actOnQueue},
		{path: "queues/quorum/{vhost}/{queue}/status", read: manager, get: getQuorumStatus},
		{path: "rebalance/queues", write: administrator, post: rebalance},
	}
}

// idleFormat is how RabbitMQ writes since when a queue is idle.
const idleFormat = "2006-01-02T15:04:05.000-07:00"

func (q *request) queueRow(one *stats.Queue, spans *spans) object {
	row := q.countsRow(one.VHost, &one.QueueCounts, spans, nil)
	node := q.server.nodeName()
	row["node"], row["state"] = node, "running"
	row["effective_policy_definition"] = one.Effective
	if one.Effective == nil {
		row["effective_policy_definition"] = object{}
	}
	row["exclusive_consumer_tag"] = orNull(one.ExclusiveConsumer)
	row["single_active_consumer_tag"] = orNull(one.SingleActive)
	if !one.IdleSince.IsZero() {
		row["idle_since"] = one.IdleSince.UTC().Format(idleFormat)
	}
	if one.Owner != "" {
		host, port := peerOf(one.Owner)
		row["owner_pid_details"] = object{"name": one.Owner, "peer_host": host, "peer_port": port}
	}
	row["garbage_collection"] = noCollection()
	row["reductions"], row["reductions_details"] = 0, object{"rate": rate(0)}
	if one.Type == "quorum" {
		q.addMembers(row)
		row["open_files"] = object{node: 0}
		row["messages_dlx"], row["message_bytes_dlx"] = 0, 0
		row["single_active_consumer_ctag"] = orNull(one.SingleActive)
	} else {
		row["recoverable_slaves"] = nil
		row["backing_queue_status"] = object{"mode": "default", "version": 1, "len": one.Ready}
	}
	return row
}

// addMembers shows where a quorum queue is: on this node.
func (q *request) addMembers(row object) {
	node := q.server.nodeName()
	row["leader"], row["members"], row["online"] = node, []string{node}, []string{node}
}

// noCollection stands where RabbitMQ tells of the garbage of its processes.
func noCollection() object {
	return object{"fullsweep_after": 0, "max_heap_size": 0, "min_bin_vheap_size": 0, "min_heap_size": 0, "minor_gcs": 0}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (q *request) queue() (stats.Queue, error) {
	one, err := q.server.broker.Queue(q.arg("vhost"), q.arg("queue"))
	if err != nil {
		return one, notFound()
	}
	return one, nil
}

func getQueue(q *request) error {
	q.server.sampler.look(queues)
	one, err := q.queue()
	if err != nil {
		return err
	}
	if q.plain() {
		return q.show(q.plainQueue(&one))
	}
	spans := q.spans()
	row := q.queueRow(&one, &spans)
	consumers, err := q.consumers(one.VHost, func(c *stats.Consumer) bool { return c.Queue == one.Name })
	if err != nil {
		return err
	}
	row["consumer_details"] = listed(consumers)
	q.addQueueParts(row, one.VHost, one.Name)
	return q.show(row)
}

func putQueue(q *request) error {
	f, err := q.fields()
	if err != nil {
		return err
	}
	node, err := f.text("node", "")
	if err != nil {
		return err
	}
	if node != "" && node != q.server.nodeName() {
		return badRequest("Node " + node + " could not be contacted")
	}
	spec := vhost.QueueSpec{Name: q.arg("queue")}
	if spec.Durable, err = f.boolean("durable"); err != nil {
		return err
	}
	if spec.AutoDelete, err = f.boolean("auto_delete"); err != nil {
		return err
	}
	if spec.Arguments, err = f.table("arguments"); err != nil {
		return err
	}
	created, err := q.server.broker.DeclareQueue(q.by(), q.arg("vhost"), spec)
	if err != nil {
		return refused(err)
	}
	return q.created(created)
}

func deleteQueue(q *request) error {
	if _, err := q.queue(); err != nil {
		return err
	}
	v := q.URL.Query()
	err := q.server.broker.DeleteQueue(q.by(), q.arg("vhost"), q.arg("queue"),
		v.Get("if-unused") == "true", v.Get("if-empty") == "true")
	if err != nil {
		return refused(err)
	}
	return q.done()
}

func listQueueBindings(q *request) error {
	all, err := q.server.broker.QueueBindings(q.arg("vhost"), q.arg("queue"))
	if err != nil {
		return notFound()
	}
	return q.list(bindingRows(all))
}

func purgeQueue(q *request) error {
	if _, err := q.queue(); err != nil {
		return err
	}
	if err := q.server.broker.PurgeQueue(q.by(), q.arg("vhost"), q.arg("queue")); err != nil {
		return refused(err)
	}
	return q.done()
}

// actOnQueue takes the actions on mirrors that RabbitMQ had: there are none to act
// on.
func actOnQueue(q *request) error {
	if _, err := q.queue(); err != nil {
		return err
	}
	f, err := q.fieldsWith("action")
	if err != nil {
		return err
	}
	switch action, _ := f.text("action", ""); action {
	case "sync", "cancel_sync":
		return q.done()
	default:
		return badRequest([]any{"unknown_action", plain(f["action"])})
	}
}

// getQuorumStatus shows the members of a quorum queue: this node.
func getQuorumStatus(q *request) error {
	one, err := q.queue()
	if err != nil {
		return err
	}
	if one.Type != "quorum" {
		return badRequest("classic_queue_not_supported")
	}
	return q.write(http.StatusOK, []object{{
		"Node Name": q.server.nodeName(), "Raft State": "leader", "Membership": "voter",
	}})
}

// rebalance spreads queues over the one node there is.
func rebalance(q *request) error {
	_, _ = io.Copy(io.Discard, q.Body) // it has nothing to say
	return q.done()
}

// age is for how long something has been so, in milliseconds.
func age(since time.Time) int64 { return time.Since(since).Milliseconds() }

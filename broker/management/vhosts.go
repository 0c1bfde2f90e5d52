package management

import (
	"net/http"
	"strings"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/vhost"
)

func vhostResources() []resource {
	return []resource{
		{path: "vhosts", read: manager, get: listVHosts},
		{path: "vhosts/{name}", read: administrator, write: administrator,
			get: getVHost, put: putVHost, delete: deleteVHost},
		{path: "vhosts/{name}/start/{node}", write: administrator, post: startVHost},
		{path: "vhosts/{name}/deletion/protection", read: administrator, write: administrator, get: showProtection, post: protect(true), delete: protect(false)},
	}
}

func listVHosts(q *request) error {
	q.server.sampler.look(vhosts)
	hosts := q.visible()
	spans := q.spans()
	return q.list(list{
		n:    len(hosts),
		name: func(i int) string { return hosts[i] },
		row:  func(i int) object { return q.vhostRow(hosts[i], &spans) },
	})
}

func getVHost(q *request) error {
	q.server.sampler.look(vhosts)
	spans := q.spans()
	row := q.vhostRow(q.arg("name"), &spans)
	if row == nil {
		return notFound()
	}
	return q.show(row)
}

// vhostRow is all that is shown of a virtual host; nil if there is none.
func (q *request) vhostRow(name string, spans *spans) object {
	b := q.server.broker
	s, err := b.VHostSettings(name)
	if err != nil {
		return nil
	}
	queueType := s.DefaultQueueType
	if queueType == "" {
		queueType = "undefined"
	}
	tags := listed(s.Tags)
	metadata := object{"description": s.Description, "tags": tags}
	if s.DefaultQueueType != "" {
		metadata["default_queue_type"] = s.DefaultQueueType
	}
	row := object{
		"name": name, "description": s.Description, "tags": tags, "default_queue_type": queueType,
		"metadata": metadata, "tracing": s.Tracing, "protected_from_deletion": s.Protected,
	}
	if q.any(tagMonitoring) {
		row["cluster_state"] = object{q.server.nodeName(): "running"}
	}
	if q.plain() {
		return row
	}
	totals, err := b.Totals(name)
	if err != nil {
		return nil
	}
	h := q.history(place{vhosts, name, ""}, spans)
	now := totalsSample(&totals)
	h.put(row, lengthsAt, lengthNames(), now, spans.lengths)
	h.put(row, trafficAt, trafficNames()[:2], now, spans.data)
	if m := h.messageStats(channelMessages(), now, spans.messages); m != nil {
		row["message_stats"] = m
	}
	return row
}

// listed is a list that is shown as one even if there is nothing in it.
func listed[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// putVHost adds a virtual host, in which who asks may then do everything, or changes
// what is set of one.
func putVHost(q *request) error {
	f, err := q.fields()
	if err != nil {
		return err
	}
	b, name := q.server.broker, q.arg("name")
	s, missing := b.VHostSettings(name)
	if err := readVHost(f, &s); err != nil {
		return err
	}
	if missing == nil {
		if err := b.SetVHost(name, s); err != nil {
			return badRequest(err.Error())
		}
		return q.done()
	}
	if err := b.AddVHost(name, s); err != nil {
		return badRequest(err.Error())
	}
	if !q.local {
		if err := b.SetPermission(q.by(), name, auth.Everything()); err != nil {
			return err
		}
	}
	return q.created(true)
}

// readVHost reads what a client sets of a virtual host.
func readVHost(f fields, s *vhost.Settings) (err error) {
	if s.Description, err = f.text("description", s.Description); err != nil {
		return err
	}
	if f.has("tags") {
		if s.Tags, err = f.texts("tags"); err != nil {
			return err
		}
	}
	if f.has("tracing") {
		if s.Tracing, err = f.boolean("tracing"); err != nil {
			return err
		}
	}
	if f.has("protected_from_deletion") {
		if s.Protected, err = f.boolean("protected_from_deletion"); err != nil {
			return err
		}
	}
	kind, err := f.text("default_queue_type", s.DefaultQueueType)
	if err != nil {
		return err
	}
	if kind == "undefined" {
		kind = ""
	}
	s.DefaultQueueType = strings.TrimPrefix(kind, "rabbit_queue_type_")
	return nil
}

func deleteVHost(q *request) error {
	b, name := q.server.broker, q.arg("name")
	s, err := b.VHostSettings(name)
	if err != nil {
		return notFound()
	}
	if s.Protected {
		return &fault{http.StatusPreconditionFailed, "precondition_failed",
			"Refusing to delete virtual host '" + name + "' because it is protected from deletion"}
	}
	if err := b.DeleteVHost(name); err != nil {
		return err
	}
	return q.done()
}

// startVHost has a virtual host run that does so already: ours never stop alone.
func startVHost(q *request) error {
	if _, err := q.server.broker.VHostSettings(q.arg("name")); err != nil {
		return notFound()
	}
	if q.arg("node") != q.server.nodeName() {
		return badRequest("no such node")
	}
	return q.done()
}

func showProtection(q *request) error {
	s, err := q.server.broker.VHostSettings(q.arg("name"))
	if err != nil {
		return notFound()
	}
	return q.write(http.StatusOK, object{"protected_from_deletion": s.Protected})
}

// protect has a virtual host protected from deletion, or not.
func protect(on bool) handler {
	return func(q *request) error {
		s, err := q.server.broker.VHostSettings(q.arg("name"))
		if err != nil {
			return notFound()
		}
		s.Protected = on
		if err := q.server.broker.SetVHost(q.arg("name"), s); err != nil {
			return err
		}
		return q.done()
	}
}

package management

import (
	"fmt"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
)

// The limits there are.
const (
	maxConnectionsLimit = "max-connections"
	maxQueuesLimit      = "max-queues"
	maxChannelsLimit    = "max-channels"
)

func limitResources() []resource {
	return []resource{
		{path: "vhost-limits", read: manager, get: listVHostLimits},
		{path: "vhost-limits/{vhost}", read: manager, get: listVHostLimits},
		{path: "vhost-limits/{vhost}/{name}", write: administrator, put: putVHostLimit, delete: deleteVHostLimit},
		{path: "user-limits", read: manager, get: listUserLimits},
		{path: "user-limits/{user}", read: manager, get: listUserLimits},
		{path: "user-limits/{user}/{name}", write: administrator, put: putUserLimit, delete: deleteUserLimit},
	}
}

// limitsOf shows the limits that are set.
func limitsOf(all map[string]*int) object {
	o := object{}
	for name, n := range all {
		if n != nil {
			o[name] = *n
		}
	}
	return o
}

func (q *request) vhostLimits(host string) object {
	s, err := q.server.broker.VHostSettings(host)
	if err != nil {
		return object{}
	}
	return limitsOf(map[string]*int{maxConnectionsLimit: s.MaxConnections, maxQueuesLimit: s.MaxQueues})
}

func listVHostLimits(q *request) error {
	var all []object
	for _, host := range q.hosts() {
		if limits := q.vhostLimits(host); len(limits) > 0 {
			all = append(all, object{"vhost": host, "value": limits})
		}
	}
	return q.list(rows(all, "vhost"))
}

func putVHostLimit(q *request) error {
	n, err := q.limit("Validation failed\n\nUnrecognised terms [{%s,%s}] in limits\n", maxConnectionsLimit, maxQueuesLimit)
	if err != nil {
		return err
	}
	return q.setVHostLimit(&n)
}

func deleteVHostLimit(q *request) error { return q.setVHostLimit(nil) }

// setVHostLimit sets the limit that the path names; nil is none.
func (q *request) setVHostLimit(n *int) error {
	s, err := q.server.broker.VHostSettings(q.arg("vhost"))
	if err != nil {
		return notFound()
	}
	switch q.arg("name") {
	case maxConnectionsLimit:
		s.MaxConnections = n
	case maxQueuesLimit:
		s.MaxQueues = n
	}
	if err := q.server.broker.SetVHostLimits(q.arg("vhost"), s.MaxConnections, s.MaxQueues); err != nil {
		return err
	}
	return q.done()
}

// limit reads the value of a limit, which must be one of those there are. unknown is
// how RabbitMQ refuses another, with places for its name and value.
func (q *request) limit(unknown string, known ...string) (int, error) {
	f, err := q.fieldsWith("value")
	if err != nil {
		return 0, err
	}
	name := q.arg("name")
	if !contains(known, name) {
		return 0, badRequest(fmt.Sprintf(unknown, amqp.Term(name), amqp.Term(plain(f["value"]))))
	}
	n, err := f.integer("value", 0)
	if err != nil {
		return 0, badRequest("Validation failed\n\n" + name + " should be a number, actually was " +
			amqp.Term(plain(f["value"])) + "\n")
	}
	return n, nil
}

func userLimits(u *auth.User) object {
	return limitsOf(map[string]*int{maxConnectionsLimit: u.Limits.MaxConnections, maxChannelsLimit: u.Limits.MaxChannels})
}

func listUserLimits(q *request) error {
	users, ok := q.withPermissions()
	if !ok {
		return notFound()
	}
	var all []object
	for _, u := range users {
		if limits := userLimits(&u); len(limits) > 0 {
			all = append(all, object{"user": u.Name, "value": limits})
		}
	}
	return q.list(rows(all, "user"))
}

func putUserLimit(q *request) error {
	n, err := q.limit("Unrecognised terms [{%s,%s}] in user-limits", maxConnectionsLimit, maxChannelsLimit)
	if err != nil {
		return err
	}
	if _, ok := q.server.broker.User(q.arg("user")); !ok {
		return badRequest([]any{"no_such_user", q.arg("user")})
	}
	return q.setUserLimit(&n)
}

func deleteUserLimit(q *request) error { return q.setUserLimit(nil) }

func (q *request) setUserLimit(n *int) error {
	u, ok := q.server.broker.User(q.arg("user"))
	if !ok {
		return notFound()
	}
	switch q.arg("name") {
	case maxConnectionsLimit:
		u.Limits.MaxConnections = n
	case maxChannelsLimit:
		u.Limits.MaxChannels = n
	}
	if err := q.server.broker.SetUserLimits(u.Name, u.Limits); err != nil {
		return err
	}
	return q.done()
}

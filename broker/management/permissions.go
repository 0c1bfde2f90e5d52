package management

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/pattern"
)

func permissionResources() []resource {
	const admin = administrator
	return []resource{
		{path: "permissions", read: admin, get: listPermissions},
		{path: "permissions/{host}/{user}", read: admin, write: admin,
			get: getPermission, put: putPermission, delete: deletePermission},
		{path: "users/{user}/permissions", read: admin, get: listPermissions},
		{path: "vhosts/{host}/permissions", read: admin, get: listPermissions},

		{path: "topic-permissions", read: admin, get: listTopicPermissions},
		{path: "topic-permissions/{host}/{user}", read: admin, write: admin,
			get: getTopicPermissions, put: putTopicPermission, delete: deleteTopicPermissions},
		{path: "topic-permissions/{host}/{user}/{exchange}", read: admin, write: admin,
			get: getTopicPermission, delete: deleteTopicPermission},
		{path: "users/{user}/topic-permissions", read: admin, get: listTopicPermissions},
		{path: "vhosts/{host}/topic-permissions", read: admin, get: listTopicPermissions},
	}
}

func permissionRow(user, host string, p auth.Permission) object {
	return object{"user": user, "vhost": host, "configure": p.Configure, "write": p.Write, "read": p.Read}
}

func topicPermissionRow(user, host, exchange string, p auth.TopicPermission) object {
	return object{"user": user, "vhost": host, "exchange": exchange, "write": p.Write, "read": p.Read}
}

// withPermissions returns the users that are asked for, all of them if the path names
// none, and says whether what it names is there.
func (q *request) withPermissions() ([]auth.User, bool) {
	if host, ok := q.args["host"]; ok {
		if _, err := q.server.broker.VHostSettings(host); err != nil {
			return nil, false
		}
	}
	if name, ok := q.args["user"]; ok {
		u, ok := q.server.broker.User(name)
		return []auth.User{u}, ok
	}
	return q.server.broker.Users(), true
}

// wants says whether the path is for a virtual host.
func (q *request) wants(host string) bool {
	only, ok := q.args["host"]
	return !ok || host == only
}

func listPermissions(q *request) error {
	users, ok := q.withPermissions()
	if !ok {
		return notFound()
	}
	var all []object
	for _, u := range users {
		for _, host := range slices.Sorted(maps.Keys(u.Permissions)) {
			if q.wants(host) {
				all = append(all, permissionRow(u.Name, host, u.Permissions[host]))
			}
		}
	}
	return q.list(rows(all, "user"))
}

// permission is what a user may do in a virtual host; ok is false if that is nothing.
func (q *request) permission() (p auth.Permission, ok bool) {
	u, _ := q.server.broker.User(q.arg("user"))
	p, ok = u.Permissions[q.arg("host")]
	return p, ok
}

func getPermission(q *request) error {
	p, ok := q.permission()
	if !ok {
		return notFound()
	}
	return q.show(permissionRow(q.arg("user"), q.arg("host"), p))
}

// checkUserIn returns the error for somebody, or somewhere, who is not there.
func (q *request) checkUserIn() error {
	_, ok := q.server.broker.User(q.arg("user"))
	if _, err := q.server.broker.VHostSettings(q.arg("host")); err != nil || !ok {
		return badRequest("vhost_or_user_not_found")
	}
	return nil
}

// patterns reads patterns, which must all be there.
func (f fields) patterns(into map[string]*string) error {
	for _, key := range slices.SortedFunc(maps.Keys(into), func(a, b string) int { return cmp.Compare(a, b) }) {
		text, err := f.text(key, "")
		if err != nil {
			return err
		}
		if _, err := pattern.Compile(text); err != nil {
			return badRequest([]any{"invalid_regexp", text, err.Error()})
		}
		*into[key] = text
	}
	return nil
}

func putPermission(q *request) error {
	f, err := q.fieldsWith("configure", "write", "read")
	if err != nil {
		return err
	}
	if err := q.checkUserIn(); err != nil {
		return err
	}
	var p auth.Permission
	if err := f.patterns(map[string]*string{"configure": &p.Configure, "write": &p.Write, "read": &p.Read}); err != nil {
		return err
	}
	_, there := q.permission()
	if err := q.server.broker.SetPermission(q.arg("user"), q.arg("host"), p); err != nil {
		return badRequest(err.Error())
	}
	return q.created(!there)
}

func deletePermission(q *request) error {
	if _, ok := q.permission(); !ok {
		return notFound()
	}
	if err := q.server.broker.ClearPermission(q.arg("user"), q.arg("host")); err != nil {
		return err
	}
	return q.done()
}

// topicRows are the topic permissions of some users.
func (q *request) topicRows(users []auth.User) []object {
	var all []object
	for _, u := range users {
		for _, host := range slices.Sorted(maps.Keys(u.TopicPermissions)) {
			if !q.wants(host) {
				continue
			}
			byExchange := u.TopicPermissions[host]
			for _, exchange := range slices.Sorted(maps.Keys(byExchange)) {
				all = append(all, topicPermissionRow(u.Name, host, exchange, byExchange[exchange]))
			}
		}
	}
	return all
}

func listTopicPermissions(q *request) error {
	users, ok := q.withPermissions()
	if !ok {
		return notFound()
	}
	return q.list(rows(q.topicRows(users), "user"))
}

func getTopicPermissions(q *request) error {
	users, ok := q.withPermissions()
	all := q.topicRows(users)
	if !ok || len(all) == 0 {
		return notFound()
	}
	return q.list(rows(all, "user"))
}

func (q *request) topicPermission() (p auth.TopicPermission, ok bool) {
	u, _ := q.server.broker.User(q.arg("user"))
	p, ok = u.TopicPermissions[q.arg("host")][q.arg("exchange")]
	return p, ok
}

func getTopicPermission(q *request) error {
	p, ok := q.topicPermission()
	if !ok {
		return notFound()
	}
	return q.list(rows([]object{topicPermissionRow(q.arg("user"), q.arg("host"), q.arg("exchange"), p)}, "user"))
}

func putTopicPermission(q *request) error {
	f, err := q.fieldsWith("exchange", "write", "read")
	if err != nil {
		return err
	}
	if err := q.checkUserIn(); err != nil {
		return err
	}
	var p auth.TopicPermission
	if err := f.patterns(map[string]*string{"write": &p.Write, "read": &p.Read}); err != nil {
		return err
	}
	exchange, err := f.text("exchange", "")
	if err != nil {
		return err
	}
	u, _ := q.server.broker.User(q.arg("user"))
	_, there := u.TopicPermissions[q.arg("host")]
	if err := q.server.broker.SetTopicPermission(u.Name, q.arg("host"), exchange, p); err != nil {
		return badRequest(err.Error())
	}
	return q.created(!there)
}

func deleteTopicPermissions(q *request) error {
	u, _ := q.server.broker.User(q.arg("user"))
	byExchange := u.TopicPermissions[q.arg("host")]
	if len(byExchange) == 0 {
		return notFound()
	}
	for _, exchange := range slices.Sorted(maps.Keys(byExchange)) {
		if err := q.server.broker.ClearTopicPermission(u.Name, q.arg("host"), exchange); err != nil {
			return err
		}
	}
	return q.done()
}

func deleteTopicPermission(q *request) error {
	if _, ok := q.topicPermission(); !ok {
		return notFound()
	}
	if err := q.server.broker.ClearTopicPermission(q.arg("user"), q.arg("host"), q.arg("exchange")); err != nil {
		return err
	}
	return q.done()
}

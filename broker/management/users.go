package management

import (
	"encoding/base64"
	"net/http"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/stats"
)

func userResources() []resource {
	const admin = administrator
	return []resource{
		{path: "whoami", read: manager, get: whoAmI},
		{path: "users", read: admin, get: listUsers},
		{path: "users/without-permissions", read: admin, get: listUsersWithoutPermissions},
		{path: "users/bulk-delete", write: admin, post: deleteUsers},
		{path: "users/{user}", read: admin, write: admin, get: getUser, put: putUser, delete: deleteUser},
		{path: "auth", read: anybody, get: showAuth},
		{path: "login", write: anybody, post: login},
		{path: "auth/hash_password/{password}", read: admin, get: hashPassword},
		{path: "auth/attempts/{node}", read: monitor, write: admin, get: listAttempts, delete: resetAttempts},
		{path: "auth/attempts/{node}/source", read: monitor, write: admin, get: listAttemptSources, delete: resetAttempts},
	}
}

func whoAmI(q *request) error {
	name := q.user.Name
	if q.local {
		name = "none"
	}
	return q.show(object{"name": name, "tags": listed(q.user.Tags)})
}

func userRow(u *auth.User) object {
	algorithm := u.HashingAlgorithm
	if algorithm == "" {
		algorithm = auth.SHA256
	}
	return object{
		"name": u.Name, "password_hash": u.PasswordHash, "hashing_algorithm": algorithm,
		"tags": listed(u.Tags), "limits": u.Limits,
	}
}

func listUsers(q *request) error {
	return q.listUsers(func(*auth.User) bool { return true })
}

func listUsersWithoutPermissions(q *request) error {
	return q.listUsers(func(u *auth.User) bool { return len(u.Permissions) == 0 })
}

func (q *request) listUsers(wanted func(*auth.User) bool) error {
	var all []object
	for _, u := range q.server.broker.Users() {
		if wanted(&u) {
			all = append(all, userRow(&u))
		}
	}
	return q.list(rows(all, "name"))
}

func getUser(q *request) error {
	u, ok := q.server.broker.User(q.arg("user"))
	if !ok {
		return notFound()
	}
	return q.show(userRow(&u))
}

// putUser adds a user or changes its tags and password. Without a password it cannot
// log in with one.
func putUser(q *request) error {
	f, err := q.fieldsWith()
	if err != nil {
		return err
	}
	if !f.has("tags") {
		return badRequest("tags_not_present")
	}
	u := auth.User{Name: q.arg("user")}
	if u.Name == "" {
		return badRequest("a user must have a name")
	}
	if u.Tags, err = f.texts("tags"); err != nil {
		return err
	}
	if err := readPassword(f, &u); err != nil {
		return err
	}
	_, there := q.server.broker.User(u.Name)
	if err := q.server.broker.PutUser(u); err != nil {
		return badRequest(err.Error())
	}
	return q.created(!there)
}

// readPassword reads a user's password, or its hash.
func readPassword(f fields, u *auth.User) error {
	u.HashingAlgorithm = auth.SHA256
	if !f.null("password") && !f.null("password_hash") {
		return badRequest("both_password_and_password_hash_are_provided")
	}
	if !f.null("password") {
		password, err := f.text("password", "")
		if err != nil {
			return err
		}
		u.PasswordHash = auth.HashPassword(password)
		return nil
	}
	var err error
	if u.PasswordHash, err = f.text("password_hash", ""); err != nil {
		return err
	}
	if _, err := base64.StdEncoding.DecodeString(u.PasswordHash); err != nil {
		return badRequest([]any{"not_base64", u.PasswordHash})
	}
	u.HashingAlgorithm, err = f.text("hashing_algorithm", auth.SHA256)
	return err
}

func deleteUser(q *request) error {
	name := q.arg("user")
	if _, ok := q.server.broker.User(name); !ok {
		return notFound()
	}
	if err := q.server.broker.DeleteUser(name); err != nil {
		return err
	}
	return q.done()
}

// deleteUsers deletes several users, or none if one of them is not there.
func deleteUsers(q *request) error {
	f, err := q.fieldsWith("users")
	if err != nil {
		return err
	}
	names, err := f.texts("users")
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, ok := q.server.broker.User(name); !ok {
			return badRequest([]any{"no_such_user", name})
		}
	}
	for _, name := range names {
		if err := q.server.broker.DeleteUser(name); err != nil {
			return err
		}
	}
	return q.done()
}

// showAuth says how users of the page log in: with a password.
func showAuth(q *request) error {
	return q.show(object{"oauth_enabled": false, "enable_uaa": false, "uaa_client_id": "", "uaa_location": ""})
}

// login checks what somebody has filled into a form.
func login(q *request) error {
	if err := q.ParseForm(); err != nil {
		return badRequest("not_a_form")
	}
	q.Header.Del("Authorization")
	q.SetBasicAuth(q.PostForm.Get("username"), q.PostForm.Get("password"))
	if err := q.authorize(manager); err != nil {
		return err
	}
	return q.write(http.StatusOK, "ok")
}

func hashPassword(q *request) error {
	return q.write(http.StatusOK, object{"ok": auth.HashPassword(q.arg("password"))})
}

func listAttempts(q *request) error {
	n := q.server.broker.Node()
	if q.arg("node") != n.Name {
		return notFound()
	}
	return q.list(rows([]object{attempts("amqp091", &n.Logins), attempts("http", &n.WebLogins)}, "protocol"))
}

func attempts(protocol string, l *stats.Logins) object {
	return object{
		"protocol": protocol, "auth_attempts": l.Succeeded + l.Failed,
		"auth_attempts_failed": l.Failed, "auth_attempts_succeeded": l.Succeeded,
	}
}

// listAttemptSources is empty, as in a RabbitMQ that was not told to note them.
func listAttemptSources(q *request) error { return q.list(rows(nil, "")) }

// resetAttempts does nothing: counters count from the start.
func resetAttempts(q *request) error {
	if q.arg("node") != q.server.nodeName() {
		return notFound()
	}
	return q.done()
}

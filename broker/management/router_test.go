package management

import (
	"fmt"
	"testing"
)

func TestRoutes(t *testing.T) {
	root := newRoutes()
	for path, want := range map[string]string{
		"overview":                      "overview map[]",
		"overview/":                     "overview map[]",
		"queues/%2F/a%2fb":              "queues/{vhost}/{queue} map[queue:a/b vhost:/]",
		"queues/detailed":               "queues/detailed map[]",
		"queues/detailed/x":             "queues/{vhost}/{queue} map[queue:x vhost:detailed]",
		"queues/v/q/get":                "queues/{vhost}/{queue}/get map[queue:q vhost:v]",
		"bindings/v/e//q/%20a+b/k~%25x": "bindings/{vhost}/e/{exchange}/q/{destination}/{props} map[destination: a+b exchange: props:k~%x vhost:v]",
		"users/bulk-delete":             "users/bulk-delete map[]",
		"users/guest":                   "users/{user} map[user:guest]",
		"connections/username/u":        "connections/username/{user} map[user:u]",
		"connections/c/channels":        "connections/{connection}/channels map[connection:c]",
		"health/checks/certificate-expiration/1/days": "health/checks/certificate-expiration/{within}/{unit} map[unit:days within:1]",
	} {
		r, args, ok := root.find(path)
		if !ok {
			t.Errorf("there is nothing at %s", path)
			continue
		}
		if got := fmt.Sprint(r.path, " ", args); got != want {
			t.Errorf("at %s there is %s, not %s", path, got, want)
		}
	}
	for _, path := range []string{"", "nowhere", "queues/%zz", "queues/a/b/c", "overview/x", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r"} {
		if r, _, ok := root.find(path); ok {
			t.Errorf("at %s there is %s", path, r.path)
		}
	}
}

package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"testing"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/vhost"
)

// governor sets policies in the default vhost, of the broker under test. Those that a test has set end with it.
type governor struct {
	t testing.TB
	// do sets a policy of users, or of operators.
	do     func(operator bool, p vhost.Policy) error
	forget func(operator bool, name string) error
}

// openGoverned is open for tests that change policies. Of another broker it needs the address of the management API, with
// user and password: MANAGEMENT_URL=http://guest:guest@127.0.0.1:15672.
func openGoverned(t testing.TB) (*client, *governor) {
	t.Helper()
	if os.Getenv("AMQP_URL") == "" {
		f := brokertest.Start(t)
		return connect(t, f.URL), governorOf(t, f.Broker)
	}
	api := os.Getenv("MANAGEMENT_URL")
	if api == "" {
		t.Skip("AMQP_URL names another broker; its policies need MANAGEMENT_URL")
	}
	return open(t), &governor{
		t: t,
		do: func(operator bool, p vhost.Policy) error {
			body, err := json.Marshal(map[string]any{
				"pattern": p.Pattern, "apply-to": p.ApplyTo, "priority": p.Priority, "definition": p.Definition,
			})
			return errors.Join(err, request(http.MethodPut, policyURL(api, operator, p.Name), body))
		},
		forget: func(operator bool, name string) error {
			return request(http.MethodDelete, policyURL(api, operator, name), nil)
		},
	}
}

func governorOf(t testing.TB, b *broker.Broker) *governor {
	return &governor{
		t: t,
		do: func(operator bool, p vhost.Policy) error {
			if operator {
				return b.SetOperatorPolicy("/", p)
			}
			return b.SetPolicy("/", p)
		},
		forget: func(operator bool, name string) error {
			if operator {
				return b.DeleteOperatorPolicy("/", name)
			}
			return b.DeletePolicy("/", name)
		},
	}
}

func policyURL(api string, operator bool, name string) string {
	kind := "policies"
	if operator {
		kind = "operator-policies"
	}
	return api + "/api/" + kind + "/%2F/" + url.PathEscape(name)
}

func request(method, address string, body []byte) error {
	r, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, address, answer.Status, text)
	}
	return err
}

// set sets a policy for the objects with exactly this name, and returns its own name.
func (g *governor) set(name string, definition map[string]any) string {
	g.t.Helper()
	return g.setFor(false, name, "all", definition)
}

func (g *governor) setOperator(name string, definition map[string]any) string {
	g.t.Helper()
	return g.setFor(true, name, "queues", definition)
}

func (g *governor) setFor(operator bool, name, applyTo string, definition map[string]any) string {
	g.t.Helper()
	p := vhost.Policy{Name: unique(g.t), Pattern: "^" + regexp.QuoteMeta(name) + "$", ApplyTo: applyTo, Definition: definition}
	if err := g.do(operator, p); err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = g.forget(operator, p.Name) }) // unless the test has done it
	return p.Name
}

// unset ends a policy of users.
func (g *governor) unset(name string) {
	g.t.Helper()
	if err := g.forget(false, name); err != nil {
		g.t.Fatal(err)
	}
}

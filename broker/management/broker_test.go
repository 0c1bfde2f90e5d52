package management_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
)

// What RabbitMQ 3.10 does not have, or what a test there would spoil for others, is
// tried with a broker of our own here; the rest is in package integration.

// do asks a broker's API and returns the status and the answer.
func do(t *testing.T, f *brokertest.Fixture, method, path, body string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, f.ManagementURL+"/api"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("guest", "guest")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// want fails the test if an answer is another, or has not a part.
func want(t *testing.T, f *brokertest.Fixture, status int, part, method, path, body string) {
	t.Helper()
	got, text := do(t, f, method, path, body)
	if got != status || !strings.Contains(text, part) {
		t.Errorf("%s %s: %d %s, want %d with %s", method, path, got, text, status, part)
	}
}

func TestProtectedVHost(t *testing.T) {
	f := brokertest.Start(t, brokertest.WithManagement)
	want(t, f, 201, "", "PUT", "/vhosts/v", `{"default_queue_type":"quorum"}`)
	want(t, f, 204, "", "POST", "/vhosts/v/deletion/protection", "")
	want(t, f, 412, "precondition_failed", "DELETE", "/vhosts/v", "")
	want(t, f, 200, `"protected_from_deletion":true`, "GET", "/vhosts/v", "")
	if err := f.Broker.DeleteVHost("v"); err == nil {
		t.Error("it is deleted all the same")
	}
	want(t, f, 204, "", "DELETE", "/vhosts/v/deletion/protection", "")
	want(t, f, 200, `"default_queue_type":"quorum"`, "GET", "/vhosts/v", "")
	want(t, f, 204, "", "DELETE", "/vhosts/v", "")
}

func TestHealthInMaintenance(t *testing.T) {
	f := brokertest.Start(t, brokertest.WithManagement)
	_, port, _ := strings.Cut(f.Broker.Addr().String(), ":")
	checks := []string{"ready-to-serve-clients", "protocol-listener/amqp", "port-listener/" + port}
	expect := func(ready, inService int) {
		t.Helper()
		for _, check := range checks {
			want(t, f, ready, "", "GET", "/health/checks/"+check, "")
		}
		want(t, f, inService, "", "GET", "/health/checks/is-in-service", "")
	}
	expect(200, 200)
	if err := f.Broker.SuspendListeners(); err != nil {
		t.Fatal(err)
	}
	expect(503, 200)
	if _, err := f.Broker.Drain(); err != nil {
		t.Fatal(err)
	}
	expect(503, 503)
	want(t, f, 200, `"being_drained":true`, "GET", "/nodes", "")
	if err := f.Broker.Revive(); err != nil {
		t.Fatal(err)
	}
	expect(200, 200)
}

func TestCloseConnection(t *testing.T) {
	f := brokertest.Start(t, brokertest.WithManagement)
	conn, err := amqp091.Dial(f.URL)
	if err != nil {
		t.Fatal(err)
	}
	closed := conn.NotifyClose(make(chan *amqp091.Error, 1))
	path := "/connections/" + url.PathEscape(f.Broker.Connections()[0].Name)
	want(t, f, 200, `"state":"running"`, "GET", path, "")
	want(t, f, 200, `[]`, "GET", path+"/channels", "")
	if status, text := do(t, f, "DELETE", path, "", "X-Reason: go away"); status != 204 {
		t.Errorf("closed: %d %s", status, text)
	}
	if err := <-closed; err == nil || err.Code != 320 || !strings.Contains(err.Reason, "go away") {
		t.Errorf("the client is told %v", err)
	}
	want(t, f, 404, "", "DELETE", "/connections/none", "")
}

func TestClusterIsNamed(t *testing.T) {
	f := brokertest.Start(t, brokertest.WithManagement)
	want(t, f, 204, "", "PUT", "/cluster-name", `{"name":"hutch"}`)
	want(t, f, 200, `"cluster_name":"hutch"`, "GET", "/overview", "")
	want(t, f, 201, "", "PUT", "/global-parameters/cluster_tags", `{"value":{"region":"x"}}`)
	want(t, f, 200, `"cluster_tags":{"region":"x"}`, "GET", "/overview", "")
}

func TestTracingIsSwitched(t *testing.T) {
	f := brokertest.Start(t, brokertest.WithManagement)
	for _, on := range []bool{true, false} {
		body := `{"tracing":false}`
		if on {
			body = `{"tracing":true}`
		}
		want(t, f, 204, "", "PUT", "/vhosts/%2F", body)
		if s, _ := f.Broker.VHostSettings("/"); s.Tracing != on {
			t.Errorf("tracing is %v", s.Tracing)
		}
	}
}

// A browser sends definitions as a file in a form.
func TestDefinitionsFromForm(t *testing.T) {
	f := brokertest.Start(t, brokertest.WithManagement)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	file, err := w.CreateFormFile("file", "definitions.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte(`{"vhosts":[{"name":"from-form"}]}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if status, text := do(t, f, "POST", "/definitions", form.String(), "Content-Type: "+w.FormDataContentType()); status != 204 {
		t.Fatalf("imported: %d %s", status, text)
	}
	want(t, f, 200, `"name":"from-form"`, "GET", "/vhosts/from-form", "")
	if status, _ := do(t, f, "POST", "/definitions", "x", "Content-Type: multipart/form-data"); status != 400 {
		t.Errorf("a form without a boundary: %d", status)
	}
}

func TestAlarmsFailTheCheck(t *testing.T) {
	f := brokertest.Start(t, brokertest.WithManagement)
	f.Broker.SetAlarm(broker.DiskAlarm, true)
	want(t, f, 503, `"resource":"disk"`, "GET", "/health/checks/alarms", "")
	f.Broker.SetAlarm(broker.DiskAlarm, false)
	want(t, f, 200, "ok", "GET", "/health/checks/alarms", "")
}

// What RabbitMQ answers with 500 is the client's fault here, and none of it is done.
func TestNonsense(t *testing.T) {
	f := brokertest.Start(t, brokertest.WithManagement)
	for _, q := range []struct{ method, path, body string }{
		{"PUT", "/vhosts/w", `{"tags":5}`},
		{"PUT", "/vhosts/w", `[]`},
		{"PUT", "/vhosts/w", `{"default_queue_type":"odd"}`},
		{"PUT", "/users/w", `{"password":1,"tags":""}`},
		{"PUT", "/users/w", `{"password_hash":"AAAA","hashing_algorithm":"odd","tags":""}`},
		{"PUT", "/exchanges/%2F/w", `{"arguments":5}`},
		{"PUT", "/queues/%2F/w", `{"arguments":{"a":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}}`},
		{"POST", "/queues/%2F/w/get", `{"count":1,"ackmode":"odd","encoding":"auto"}`},
		{"POST", "/definitions", `{"queues":5}`},
		{"POST", "/exchanges/%2F/amq.default/publish", `{"routing_key":"` + strings.Repeat("x", 300) + `","payload":"","payload_encoding":"string","properties":{}}`},
		{"POST", "/exchanges/%2F/amq.default/publish", `{"routing_key":"x","payload":"","payload_encoding":"string","properties":5}`},
		{"PUT", "/policies/%2F/w", `{"pattern":"a","definition":5}`},
		{"PUT", "/vhost-limits/%2F/max-queues", `{"value":{}}`},
		{"PUT", "/parameters/shovel/%2F/w", `{"value":5}`},
		{"PUT", "/cluster-name", `{"name":5}`},
		{"PUT", "/feature-flags/odd/enable", ``},
	} {
		if status, text := do(t, f, q.method, q.path, q.body); status != 400 || !strings.Contains(text, `"error":"bad_request"`) {
			t.Errorf("%s %s %.60s: %d %s", q.method, q.path, q.body, status, text)
		}
	}
	for _, path := range []string{"/vhosts/w", "/users/w", "/exchanges/%2F/w", "/queues/%2F/w", "/policies/%2F/w"} {
		want(t, f, 404, "", "GET", path, "")
	}
}

package ctl_test

import (
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/erlang"
)

// busy returns a broker with a queue, a binding and a client that consumes, and
// the environment that leads to it.
func busy(t *testing.T) (conn *amqp.Connection, env map[string]string) {
	t.Helper()
	f := brokertest.Start(t, brokertest.WithManagement)
	conn, err := amqp.DialConfig(f.URL, amqp.Config{Properties: amqp.Table{"connection_name": "orders"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // it may have been closed
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.Qos(7, 0, false); err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueueDeclare("q", false, false, false, false, amqp.Table{"x-max-length": 5, "x-overflow": "drop-head"}); err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind("q", "k", "amq.topic", false, amqp.Table{"a": "b"}); err != nil {
		t.Fatal(err)
	}
	if _, err := ch.Consume("q", "c1", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	return conn, map[string]string{
		"RABBITMQ_NODENAME": "rabbit@localhost", "LEPUS_URL": strings.Replace(f.ManagementURL, "://", "://guest:guest@", 1),
	}
}

func TestLists(t *testing.T) {
	_, env := busy(t)
	for _, tt := range []struct{ line, want string }{
		{"list_queues name arguments messages consumers state type", "name\targuments\tmessages\tconsumers\tstate\ttype\n" +
			`q	[{"x-max-length",5},{"x-overflow","drop-head"}]	0	1	running	classic` + "\n"},
		{"list_queues name,arguments --formatter json", "[\n" +
			`{"name":"q","arguments":[["x-max-length","long",5],["x-overflow","longstr","drop-head"]]}` + "\n]\n"},
		{"list_queues name consumers --formatter csv", "\"name\",\"consumers\"\n\"q\",\"1\"\n"},
		{"list_queues name consumers --formatter pretty_table -q", "┌──────┬───────────┐\n│ name │ consumers │\n├──────┼───────────┤\n│ q    │ 1         │\n└──────┴───────────┘\n"},
		{"list_queues --offline", ""},
		{"list_bindings source_name destination_kind routing_key arguments --no-table-headers", "\tqueue\tq\t[]\namq.topic\tqueue\tk\t[{\"a\",\"b\"}]\n"},
		{"list_connections -s user vhost state protocol channels", "guest\t/\trunning\t{0, 9, 1}\t1\n"},
		{"list_channels -s user number consumer_count prefetch_count", "guest\t1\t1\t7\n"},
		{"list_consumers -s queue_name consumer_tag ack_required prefetch_count active", "q\tc1\ttrue\t7\ttrue\n"},
		{"list_exchanges -s name type durable", "\tdirect\ttrue\namq.direct\tdirect\ttrue"},
		{"list_unresponsive_queues", ""},
	} {
		got := run(t, env, append([]string{"rabbitmqctl", "-q"}, strings.Fields(tt.line)...)...)
		out := strings.ReplaceAll(got.stdout, "AMQP 0-9-1", "{0, 9, 1}")
		if got.code != "0" || !strings.HasPrefix(out, tt.want) || tt.want == "" && out != "" {
			t.Errorf("%s: %s %q %q, want %q", tt.line, got.code, out, got.stderr, tt.want)
		}
	}
}

// TestConnectionIsClosedByItsPid does what scripts do: list, and close what was
// listed.
func TestConnectionIsClosedByItsPid(t *testing.T) {
	conn, env := busy(t)
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	listed := run(t, env, "rabbitmqctl", "-s", "list_connections", "pid", "client_properties")
	pid, properties, ok := strings.Cut(strings.TrimSpace(listed.stdout), "\t")
	if !ok || strings.Contains(pid, " ") || !strings.Contains(properties, `{"connection_name","orders"}`) {
		t.Fatalf("listed %q", listed.stdout)
	}
	if got := run(t, env, "rabbitmqctl", "close_connection", pid, "go away"); got.code != "0" {
		t.Fatalf("%+v", got)
	}
	select {
	case err := <-closed:
		if err == nil || err.Code != amqp.ConnectionForced || !strings.Contains(err.Reason, "go away") {
			t.Errorf("the client was told %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the connection is still there")
	}
	for _, name := range []string{"nothing", ""} {
		if got := run(t, env, "rabbitmqctl", "close_connection", name, "again"); got.code != "69" {
			t.Errorf("%q: %+v", name, got)
		}
	}
	// Until the client's close-ok has come, the connection is still known.
	for deadline := time.Now().Add(time.Minute); ; {
		got := run(t, env, "rabbitmqctl", "close_connection", pid, "again")
		if got.code == "69" {
			break
		}
		if got.code != "0" || time.Now().After(deadline) {
			t.Fatalf("%+v", got)
		}
	}
}

func TestShovels(t *testing.T) {
	conn, env := busy(t)
	uri := "amqp://" + conn.RemoteAddr().String()
	shovel := `{"src-protocol":"amqp091","src-uri":"` + uri + `","src-queue":"from","dest-protocol":"amqp091","dest-uri":"` + uri + `","dest-queue":"to"}`
	for _, tt := range []struct {
		line []string
		code string
		want string
	}{
		{[]string{"set_parameter", "shovel", "moving", shovel}, "0", ""},
		{[]string{"shovel_status", "name", "vhost", "type"}, "0", "name\tvhost\ttype\nmoving\t/\tdynamic\n"},
		{[]string{"restart_shovel", "moving"}, "0", ""},
		{[]string{"restart_shovel", "none"}, "69", ""},
		{[]string{"delete_shovel", "moving"}, "0", ""},
		{[]string{"delete_shovel", "moving"}, "69", ""},
		{[]string{"shovel_status"}, "0", ""},
	} {
		got := run(t, env, append([]string{"rabbitmqctl", "-q"}, tt.line...)...)
		if got.code != tt.code || got.stdout != tt.want {
			t.Errorf("%s: %+v", tt.line, got)
		}
	}
}

func TestStatusAndReport(t *testing.T) {
	_, env := busy(t)
	status := run(t, env, "rabbitmqctl", "status", "--unit", "mb")
	for _, want := range []string{"Connection count: 1\nQueue count: 1\nVirtual host count: 1\n", "protocol: amqp, purpose: AMQP 0-9-1", " mb"} {
		if !strings.Contains(status.stdout, want) {
			t.Errorf("no %q in\n%s", want, status.stdout)
		}
	}
	if got := run(t, env, "rabbitmqctl", "report"); got.code != "0" || !strings.Contains(got.stdout, "\nq\t0\n") || !strings.Contains(got.stdout, "guest\t.*\t.*\t.*") {
		t.Errorf("%s\n%s%s", got.code, got.stdout, got.stderr)
	}
	for _, line := range []string{"cluster_status --formatter json", "status --formatter json"} {
		if got := run(t, env, append([]string{"rabbitmqctl"}, strings.Fields(line)...)...); got.code != "0" || !strings.HasPrefix(got.stdout, "{") {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestErlangTerms(t *testing.T) {
	_, env := busy(t)
	for _, tt := range []struct{ line, want string }{
		{"list_queues name arguments messages policy type", `[[{name,<<"q">>},{arguments,[{<<"x-max-length">>,long,5},{<<"x-overflow">>,longstr,<<"drop-head">>}]},{messages,0},{policy,''},{type,classic}]]` + "\n"},
		{"list_bindings source_name source_kind arguments", "[[{source_name,''},{source_kind,exchange},{arguments,[]}],\n [{source_name,<<\"amq.topic\">>},{source_kind,exchange},{arguments,[{<<\"a\">>,longstr,<<\"b\">>}]}]]\n"},
		{"list_users", "[[{user,<<\"guest\">>},{tags,[administrator]}]]\n"},
		{"list_queues --offline", "[]\n"},
		{"version", "[{node,<<\"rabbit@localhost\">>},{result,<<\"ok\">>},{value,[{version,<<\"3.10.8\">>}]}]\n"},
		{"ping", "<<\"Ping succeeded\">>\n"},
		{"add_vhost v", ""},
	} {
		got := run(t, env, append([]string{"rabbitmqctl", "-q", "--formatter", "erlang"}, strings.Fields(tt.line)...)...)
		if got.code != "0" || got.stdout != tt.want {
			t.Errorf("%s: %+v, want %q", tt.line, got, tt.want)
		}
	}
	for _, line := range []string{"status", "cluster_status", "list_connections", "list_channels", "list_feature_flags"} {
		if got := run(t, env, "rabbitmqctl", "-q", "--formatter", "erlang", line); got.code != "0" || !strings.HasPrefix(got.stdout, "[") {
			t.Errorf("%s: %+v", line, got)
		} else if _, err := erlang.Parse(got.stdout); err != nil {
			t.Errorf("%s prints no term: %v\n%s", line, err, got.stdout)
		}
	}
}

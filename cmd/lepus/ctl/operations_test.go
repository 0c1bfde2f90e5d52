package ctl_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/certs"
	"github.com/lepusmq/lepus/broker/certs/certstest"
	"github.com/lepusmq/lepus/cmd/lepus/node"
)

// whole returns a node with a data folder, all of whose commands can be tried over its
// socket, and the environment that leads there.
func whole(t *testing.T, change ...func(*broker.Config)) (*node.Node, map[string]string) {
	t.Helper()
	dir := t.TempDir()
	cfg := broker.Config{DataDir: dir, NodeName: "rabbit@localhost"}
	for _, c := range change {
		c(&cfg)
	}
	n, err := node.Start(node.Config{Broker: cfg})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Run(t.Context()) }()
	t.Cleanup(func() {
		n.Stop()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
	})
	return n, map[string]string{"RABBITMQ_NODENAME": "rabbit@localhost", "LEPUS_DATA_DIR": dir}
}

// declare has a node hold a classic queue cq and a quorum queue qq with two messages.
func declare(t *testing.T, url string) {
	t.Helper()
	conn, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]string{"cq": "classic", "qq": "quorum"} {
		if _, err := ch.QueueDeclare(name, true, false, false, false, amqp.Table{"x-queue-type": kind}); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range []amqp.Publishing{
		{DeliveryMode: 2, Headers: amqp.Table{"a": 1}, Body: []byte("one")}, {Body: []byte("two")},
	} {
		if err := ch.PublishWithContext(t.Context(), "", "qq", false, false, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := ch.Close(); err != nil { // all has been taken
		t.Fatal(err)
	}
}

// TestQueuesSession holds commands about queues and maintenance to what RabbitMQ's own
// said and how they ended.
func TestQueuesSession(t *testing.T) {
	n, env := whole(t)
	declare(t, n.Running().URL())
	for _, want := range readSession(t, "testdata/rabbitmq-3.10.8-queues.txt") {
		got := run(t, env, words(want.line)...)
		if got.code != want.code {
			t.Errorf("%s: ended with %s, not %s", want.line, got.code, want.code)
		}
		if g, w := comparable(got.stdout), comparable(want.stdout); g != w {
			t.Errorf("%s: printed\n%s\nnot\n%s", want.line, g, w)
		}
		if g, w := comparable(got.stderr), comparable(want.stderr); g != w {
			t.Errorf("%s: complained\n%s\nnot\n%s", want.line, g, w)
		}
	}
}

// said is a line of a tool, how it must end and a part of what it must say.
type said struct{ line, code, part string }

func try(t *testing.T, env map[string]string, all ...said) {
	t.Helper()
	for _, tt := range all {
		got := run(t, env, words(tt.line)...)
		if got.code != tt.code || !strings.Contains(got.stdout+got.stderr, tt.part) {
			t.Errorf("%s: ended with %s, said\n%s%s\nwant %s and %q", tt.line, got.code, got.stdout, got.stderr, tt.code, tt.part)
		}
	}
}

func TestMaintenanceIsShown(t *testing.T) {
	n, env := whole(t)
	address := n.Running().Addr().String()
	_, port, _ := strings.Cut(address, ":")
	try(t, env,
		said{"rabbitmqctl status", "0", "Is under maintenance?: false"},
		said{"rabbitmq-diagnostics check_port_listener " + port, "0", "is running"},
		said{"rabbitmqctl suspend_listeners -q", "0", ""},
		said{"rabbitmq-diagnostics check_port_listener " + port, "69", "No listener for port"},
		said{"rabbitmq-diagnostics check_protocol_listener amqp", "69", "No listener for protocol"},
		said{"rabbitmqctl cluster_status", "0", "status: not under maintenance"},
		said{"rabbitmq-upgrade drain", "0", "Will put node rabbit@localhost into maintenance mode."},
		said{"rabbitmqctl status", "0", "Is under maintenance?: true"},
		said{"rabbitmqctl status --formatter json", "0", `"is_under_maintenance":true`},
		said{"rabbitmqctl cluster_status", "0", "status: marked for maintenance"},
		said{"rabbitmq-upgrade revive", "0", "back into regular operating mode"},
		said{"rabbitmq-diagnostics check_port_listener " + port, "0", "is running"},
		said{"rabbitmqctl stop_app", "0", ""},
		said{"rabbitmq-upgrade drain", "64", "requires the 'rabbit' app to be running"},
	)
}

func TestMoreCommands(t *testing.T) {
	n, env := whole(t)
	declare(t, n.Running().URL())
	fmt.Fprintln(n.Log(), "the last line")
	try(t, env,
		said{"rabbitmq-queues quorum_status qq", "0", "│ rabbit@localhost │ leader"},
		said{"rabbitmq-queues delete_member qq rabbit@localhost", "69", "last_node"},
		said{"rabbitmq-queues transfer_leadership qq rabbit@localhost", "0", ""},
		said{"rabbitmq-queues shrink rabbit@localhost", "0", "/\tqq\t1\terror: the last node cannot be removed"},
		said{"rabbitmq-queues rebalance all", "0", "│ rabbit@localhost │ 1 "},
		said{"rabbitmq-queues rebalance bogus", "69", "type bogus is not supported. Try one of all, classic, quorum."},
		said{"rabbitmq-queues grow rabbit@localhost all --queue-pattern (", "65", "Bad argument"},
		said{"rabbitmq-queues force_checkpoint", "0", ""},
		said{"rabbitmq-queues reclaim_quorum_memory qq", "0", ""},
		said{"rabbitmq-queues peek qq 2", "0", "│ payload (max 64 bytes)  │ two"},
		said{"rabbitmq-queues peek qq 99999", "69", "only the first"},
		said{"rabbitmq-upgrade post_upgrade", "0", "Rebalancing queue masters..."},
		said{"rabbitmq-streams add_super_stream s", "69", "no streams yet"},
		said{"rabbitmq-streams delete_super_stream s", "70", "stream_not_found"},
		said{"rabbitmq-streams reset_offset --stream cq --reference r", "69", "not applicable to classic queues"},
		said{"rabbitmq-streams reset_offset", "64", "--stream and --reference are needed"},
		said{"rabbitmq-streams help", "0", "set_stream_retention_policy"},
		said{"rabbitmqctl list_node_auth_attempt_stats -q", "0", "amqp091\t1\t0\t1"},
		said{"rabbitmqctl list_node_auth_attempt_stats --formatter json", "0", `"attempts":[{"auth_attempts":1,`},
		said{"rabbitmq-diagnostics reset_node_auth_attempt_metrics", "69", "counted from the start"},
		said{"rabbitmq-diagnostics log_tail -N 1", "0", "the last line\n"},
		said{"rabbitmq-diagnostics log_tail_stream --duration 1", "0", "Streaming logs from node rabbit@localhost for 1 seconds ..."},
		said{"rabbitmq-diagnostics consume_event_stream --pattern (", "65", "Bad argument"},
		said{"rabbitmq-diagnostics message_size_stats", "0", "│ up to 100            │ 2     │ 100.0"},
		said{"rabbitmq-diagnostics metadata_store_status", "0", "leader"},
		said{"rabbitmq-diagnostics runtime_thread_stats", "0", "goroutines="},
		said{"rabbitmq-diagnostics certificates -q", "0", "(none)"},
		said{"rabbitmq-diagnostics check_if_metadata_store_is_initialized", "0", "completed its initialization"},
		said{"rabbitmq-diagnostics check_if_metadata_store_is_initialized_with_data", "0", "and has data"},
		said{"rabbitmq-diagnostics check_if_any_deprecated_features_are_used", "0", "no deprecated features in use"},
		said{"rabbitmq-diagnostics check_for_quorum_queues_without_an_elected_leader .*", "0", "as healthy"},
		said{"rabbitmq-diagnostics check_for_quorum_queues_without_an_elected_leader --across-all-vhosts .*", "0", "in all vhosts"},
		said{"rabbitmq-diagnostics observer", "69", "there is no Erlang"},
		said{"rabbitmq-diagnostics erlang_cookie_hash", "69", "no Erlang cookie"},
		said{"rabbitmqctl list_mqtt_connections", "0", "Listing MQTT connections"},
		said{"rabbitmqctl schema_info", "69", "no Mnesia"},
		said{"rabbitmqctl clear_auth_backend_cache", "0", ""},
		said{"rabbitmqctl activate_free_disk_space_monitoring", "0", ""},
		said{"rabbitmqctl deactivate_free_disk_space_monitoring", "69", "set_disk_free_limit"},
		said{"rabbitmqctl reconcile_vhosts", "0", "asynchronous"},
		said{"rabbitmqctl add_vhost v", "0", ""},
		said{"rabbitmqctl enable_vhost_deletion_protection v", "0", `Protecting virtual host "v"`},
		said{"rabbitmqctl delete_vhost v", "69", "protected"},
		said{"rabbitmqctl disable_vhost_deletion_protection v", "0", ""},
		said{"rabbitmqctl delete_vhost v", "0", ""},
		said{"rabbitmqctl enable_vhost_deletion_protection v", "65", "Virtual host 'v' does not exist"},
	)
}

func TestPoliciesThatMatch(t *testing.T) {
	n, env := whole(t)
	declare(t, n.Running().URL())
	for _, line := range []string{
		`set_policy low ^q {"max-length":5}`, `set_policy high q(?=q) {"max-length":6} --priority 7 --apply-to quorum_queues`,
		`set_policy no ^c {"max-length":7}`, `set_policy classic . {"max-length":8} --apply-to classic_queues`,
		`set_policy exchanges . {"alternate-exchange":"x"} --apply-to exchanges --priority 9`,
	} {
		try(t, env, said{"rabbitmqctl " + line, "0", ""})
	}
	for line, want := range map[string]string{
		"qq":                        "high low",
		"qq --object-type queue":    "high low",
		"qs":                        "classic low", // which is yet to come
		"qq --object-type exchange": "exchanges low",
	} {
		got := run(t, env, words("rabbitmqctl -s list_policies_that_match "+line)...)
		var names []string
		for l := range strings.Lines(got.stdout) {
			names = append(names, strings.Split(l, "\t")[1])
		}
		if got.code != "0" || strings.Join(names, " ") != want {
			t.Errorf("%s: %+v, want %s", line, got, want)
		}
	}
	try(t, env, said{"rabbitmqctl list_policies_that_match q --object-type user", "65", "Bad argument"},
		said{"rabbitmqctl list_policies_that_match -p none q", "65", "Virtual host 'none' does not exist"})
}

func TestCertificates(t *testing.T) {
	authority := certstest.Authority(t)
	certFile, keyFile := authority.Server(t).Files(t)
	caFile, _ := authority.Files(t)
	_, env := whole(t, func(c *broker.Config) {
		c.ListenTLS = []string{"127.0.0.1:0"}
		c.TLS = certs.Options{CertFile: certFile, KeyFile: keyFile, CAFile: caFile, Verify: true, RequireCert: true}
	})
	try(t, env, said{"rabbitmq-diagnostics certificates", "0", "protocol: amqp/ssl\x1b[0m\n\nSubject: CN=localhost\nIssuer: CN=authority\n"},
		said{"rabbitmq-diagnostics certificates --formatter json", "0", `"subject":"CN=localhost"`})
}

// TestEveryCommandOfTheTools has the names of all commands that RabbitMQ's tools had in
// 3.10.8, and those that came later, see the contract.
func TestEveryCommandOfTheTools(t *testing.T) {
	content, err := os.ReadFile("testdata/commands.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		program, names, _ := strings.Cut(line, ":")
		help := run(t, nil, program, "help").stdout
		for _, name := range strings.Fields(names) {
			if !strings.Contains(help, "\n   "+name+" ") {
				t.Errorf("%s has no command %s", program, name)
			}
		}
	}
}

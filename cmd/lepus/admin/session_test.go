package admin_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/cmd/lepus/admin"
)

// target returns where the API of the broker under test is: a new one, or the
// one that LEPUS_TEST_API names, such as RabbitMQ's.
func target(t *testing.T) string {
	t.Helper()
	if url := os.Getenv("LEPUS_TEST_API"); url != "" {
		return url
	}
	return strings.Replace(brokertest.Start(t, brokertest.WithManagement).ManagementURL, "://", "://guest:guest@", 1)
}

func run(url string, stdin string, line ...string) (code int, stdout, stderr string) {
	var out, errOut bytes.Buffer
	code = admin.Run(context.Background(), line, admin.Environment{
		Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errOut, Version: "3.10.8",
		Getenv: func(name string) string { return map[string]string{"LEPUS_URL": url}[name] },
	})
	return code, out.String(), errOut.String()
}

// words takes a line apart as a shell does that knows only single quotes.
func words(line string) []string {
	var all []string
	for _, w := range regexp.MustCompile(`(?:[^\s']|'[^']*')+`).FindAllString(line, -1) {
		all = append(all, strings.ReplaceAll(w, "'", ""))
	}
	return all
}

// TestSession holds the program to what rabbitmqadmin 3.10.8 said and how it
// ended.
func TestSession(t *testing.T) {
	url := target(t)
	content, err := os.ReadFile("testdata/rabbitmqadmin-3.10.8.txt")
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`(?s)^rabbitmqadmin (.*?)\n--rc (\d+)\n--out\n(.*)--err\n?(.*)$`)
	for _, part := range strings.Split("\n"+string(content), "\n=== ")[1:] {
		want := form.FindStringSubmatch(part)
		if want == nil {
			t.Fatalf("cannot read %q", part)
		}
		code, out, errOut := run(url, "", words(want[1])...)
		if fmt.Sprint(code) != want[2] {
			t.Errorf("%s: ended with %d, not %s", want[1], code, want[2])
		}
		if out != want[3] {
			t.Errorf("%s: printed\n%s\nnot\n%s", want[1], out, want[3])
		}
		if strings.TrimRight(errOut, "\n") != strings.TrimRight(want[4], "\n") {
			t.Errorf("%s: complained\n%s\nnot\n%s", want[1], errOut, want[4])
		}
	}
}

// TestSecondVersion does the same by the syntax of both versions.
func TestSecondVersion(t *testing.T) {
	url := target(t)
	file := filepath.Join(t.TempDir(), "definitions.json")
	for _, tt := range []struct {
		line, want string
	}{
		{"vhosts declare --name second", "vhost declared\n"},
		{`--vhost second queues declare --name q --type quorum --durable true --arguments {"x-max-length":3}`, "queue declared\n"},
		{"-V second exchanges declare --name x --type topic --auto-delete false", "exchange declared\n"},
		{"-V second bindings declare --source x --destination q --destination-type queue --routing-key a.#", "binding declared\n"},
		{"-V second declare queue --name=other", "queue declared\n"},
		{"-V second -f tsv -q queues list --columns name,type", "other\tclassic\nq\tquorum\n"},
		{"-V second messages publish --exchange x --routing-key a.b --payload hello", "Message published\n"},
		{"-V second -f tsv -q messages get --queue q --ack-mode ack_requeue_false", "a.b\tx\t0\thello\t5\tstring\tFalse\n"},
		{"-V second policies declare --name p --pattern ^q --definition {\"max-length\":5} --apply-to queues --priority 2", "policy declared\n"},
		{"definitions export --file " + file, "Exported definitions for localhost to \"" + file + "\"\n"},
		{"health_check local_alarms", "health check passed\n"},
		{"-V second queues purge --name q", "queue purged\n"},
		{"-V second queues delete --name q", "queue deleted\n"},
		{"vhosts delete --name second", "vhost deleted\n"},
		{"definitions import --file " + file, "Uploaded definitions from \"localhost\" to " + file + ". The import process may take some time. Consult server logs to track progress.\n"},
		{"-V second -f bash list queues", "other q\n"},
		{"vhosts delete --name second", "vhost deleted\n"},
	} {
		code, out, errOut := run(url, "", strings.Fields(tt.line)...)
		// Some brokers have properties to show, others none.
		out = strings.Replace(out, "string\t\tFalse", "string\tFalse", 1)
		if code != 0 || out != tt.want || errOut != "" {
			t.Errorf("%s: %d, %q, %q, want %q", tt.line, code, out, errOut, tt.want)
		}
	}
}

// TestOnlyInSecondVersion has what the first one knows nothing of.
func TestOnlyInSecondVersion(t *testing.T) {
	url := strings.Replace(brokertest.Start(t, brokertest.WithManagement).ManagementURL, "://", "://guest:guest@", 1)
	for _, tt := range []struct {
		line, want string
		code       int
	}{
		{"feature_flags enable --name stream_queue", "feature_flag enabled\n", 0},
		{"-f tsv -q feature_flags list --columns name,state", "enabled\n", 0},
		{"deprecated_features list", "", 0},
		{"global_parameters set --name g --value {\"a\":1}", "global_parameter declared\n", 0},
		{"-f tsv -q global_parameters list --columns name", "g\n", 0},
		{"global_parameters clear --name g", "global_parameter deleted\n", 0},
		{"users declare --name ann --password p --tags management", "user declared\n", 0},
		{"user_limits declare --user ann --name max-connections --value 5", "user_limit declared\n", 0},
		{"-f tsv -q user_limits list --columns user", "ann\n", 0},
		{"user_limits delete --user ann --name max-connections", "user_limit deleted\n", 0},
		{"topic_permissions declare --user ann --exchange amq.topic --write a --read b", "topic_permission declared\n", 0},
		{"-f tsv -q topic_permissions list --columns user,exchange", "ann\tamq.topic\n", 0},
		{"topic_permissions delete --user ann", "topic_permission deleted\n", 0},
		{"shovels declare_amqp091 --name s --source-uri amqp:// --destination-uri amqp:// --source-queue a --destination-queue b", "shovel declared\n", 0},
		{"-f tsv -q shovels list_all --columns vhost,name", "/\ts\n", 0},
		{"shovels restart --name s", "shovel restarted\n", 0},
		{"shovels restart --name none", "", 1},
		{"shovels delete --name s", "shovel deleted\n", 0},
		{"vhosts declare --name v", "vhost declared\n", 0},
		{"vhosts enable_deletion_protection --name v", "vhost protected from deletion\n", 0},
		{"vhosts delete --name v", "", 1},
		{"vhosts disable_deletion_protection --name v", "vhost no longer protected from deletion\n", 0},
		{"vhosts delete --name v", "vhost deleted\n", 0},
		{"queues rebalance", "queue leaders balanced\n", 0},
		{"close user_connections --username ann", "user_connections closed\n", 0},
		{"health_check ready_to_serve_clients", "health check passed\n", 0},
		{"health_check is_in_service", "health check passed\n", 0},
		{"-V / definitions export_from_vhost --stdout", `"single_virtual_host"`, 0},
		{"exchanges enable --name amq.topic", "", 1},
		{"exchanges restart", "", 1},
		{"exchanges burn", "", 1},
	} {
		code, out, errOut := run(url, "", strings.Fields(tt.line)...)
		if code != tt.code || !strings.Contains(out, tt.want) || (errOut == "") != (code == 0) {
			t.Errorf("%s: %d, %q, %q, want %d, %q", tt.line, code, out, errOut, tt.code, tt.want)
		}
	}
	_, out, _ := run(url, "", "passwords", "salt_and_hash", "secret")
	if hash, err := base64.StdEncoding.DecodeString(strings.TrimSpace(out)); err != nil || len(hash) != 36 {
		t.Errorf("the hash is %q, %v", out, err)
	}
	if code, _, _ := run(url, "", "passwords", "salt_and_hash"); code != 1 {
		t.Errorf("without a password: %d", code)
	}
}

func TestPayloadOfStandardInputIsKept(t *testing.T) {
	url := target(t)
	payload, file := "\x00\xff binary", filepath.Join(t.TempDir(), "payload")
	for _, line := range []string{"declare queue name=binary", "publish routing_key=binary", "get queue=binary ackmode=ack_requeue_false payload_file=" + file, "delete queue name=binary"} {
		if code, _, errOut := run(url, payload, strings.Fields(line)...); code != 0 {
			t.Fatalf("%s: %s", line, errOut)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != payload {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestConfigurationFile(t *testing.T) {
	url := target(t)
	host, port, _ := strings.Cut(url[strings.LastIndex(url, "@")+1:], ":")
	path := filepath.Join(t.TempDir(), "admin.conf")
	conf := "# hosts\n[other]\nhostname = nowhere.invalid\n[here]\nhostname = " + host + "\nport = " + port + "\nusername = guest\npassword = guest\nssl = False\nvhost = / # all\n"
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := run("", "", "-c", path, "-N", "here", "-f", "bash", "list", "vhosts"); code != 0 || !slices.Contains(strings.Fields(out), "/") {
		t.Errorf("%d %q %q", code, out, errOut)
	}
	if code, _, errOut := run("", "", "-c", path, "-N", "none", "list", "vhosts"); code != 1 || !strings.Contains(errOut, "section [none]") {
		t.Errorf("%d %q", code, errOut)
	}
}

func TestComplete(t *testing.T) {
	for _, tt := range []struct{ before, word, want string }{
		{"", "dec", "declare"},
		{"declare", "operator", "operator_policy"},
		{"-V x list", "vhost_", "vhost_limits"},
		{"declare queue", "durab", "durable="},
		{"", "--vho", "--vhost"},
	} {
		got := admin.Complete(strings.Fields(strings.TrimPrefix(tt.before, "-V x ")), tt.word)
		if len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s %s: %q", tt.before, tt.word, got)
		}
	}
}

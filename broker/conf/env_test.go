package conf

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"
)

func TestVariables(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := load(t, "", environ(
		"RABBITMQ_DEFAULT_USER=ann", "RABBITMQ_DEFAULT_PASS_FILE="+secret, "RABBITMQ_DEFAULT_VHOST=v", "RABBITMQ_NODENAME=rabbit@x",
		"RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_NODE_PORT=1", "RABBITMQ_MNESIA_DIR=/m", "RABBITMQ_VM_MEMORY_HIGH_WATERMARK=40%",
		"RABBITMQ_SERVICE_HOST=10.0.0.1", "RABBITMQ_PORT=tcp://10.0.0.1:5672", "RABBITMQ_LOGS=-",
		`RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-rabbit consumer_timeout 1000 -rabbit log_levels [{connection,error},{queue,debug}] -rabbitmq_management load_definitions "/d.json" +S 2`,
	))
	b := c.Settings.Broker
	if b.Seed.User != "ann" || b.Seed.Password != "s3cret" || b.Seed.VHost != "v" || b.NodeName != "rabbit@x" || !reflect.DeepEqual(b.Listen, []string{"127.0.0.1:1"}) ||
		b.DataDir != "/m" || b.MemoryHighWatermark != 400 || b.ConsumerTimeout != time.Second || !reflect.DeepEqual(b.Definitions.Paths, []string{"/d.json"}) || !b.Seed.Nothing {
		t.Errorf("got %+v", b)
	}
	if l := c.Settings.Log; l.Categories["connection"] != zapcore.ErrorLevel || l.Categories["queue"] != zapcore.DebugLevel || l.File.On {
		t.Errorf("the log is %+v", l)
	}
	b = load(t, "", environ("RABBITMQ_USERNAME=bob", "RABBITMQ_PASSWORD=b", "RABBITMQ_NODE_PORT_NUMBER=2")).Settings.Broker
	if b.Seed.User != "bob" || b.Seed.Password != "b" || b.Listen[0] != ":2" {
		t.Errorf("of the other image: %+v", b)
	}
	b = load(t, "", environ("RABBITMQ_SSL_CERTFILE=/c", "RABBITMQ_SSL_KEYFILE=/k", "RABBITMQ_SSL_CACERTFILE=/ca")).Settings.Broker
	if len(b.Listen) != 0 || b.ListenTLS[0] != ":5671" || !b.TLS.Verify || !b.TLS.RequireCert || b.Management.Listen[0] != ":15672" {
		t.Errorf("with certificates: %+v", b)
	}
	for vars, want := range map[string]string{
		"RABBITMQ_NODE_PORT=x":                `RABBITMQ_NODE_PORT: listeners.tcp.default: ":x" is no place`,
		"RABBITMQ_DEFAULT_PASS_FILE=/nowhere": "RABBITMQ_DEFAULT_PASS_FILE: open /nowhere",
	} {
		if _, err := Load(Sources{Environ: []string{vars}, Files: []string{noFile}, Defaults: map[string]string{"data_dir": "/d"}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", vars, err)
		}
	}
}

func TestFilesThatVariablesName(t *testing.T) {
	path := write(t, "heartbeat = 7")
	for _, name := range []string{path, strings.TrimSuffix(path, ".conf")} {
		l := load(t, "", func(s *Sources) { s.Files, s.Environ = nil, []string{"RABBITMQ_CONFIG_FILE=" + name} })
		if l.Settings.Broker.Heartbeat != 7*time.Second {
			t.Errorf("%s is not read", name)
		}
	}
	l := load(t, "", func(s *Sources) { s.Files, s.Environ = nil, []string{"RABBITMQ_CONFIG_FILE=/nowhere"} })
	if len(l.Warnings) != 1 || !strings.Contains(l.Warnings[0], "/nowhere") {
		t.Errorf("warnings are %q", l.Warnings)
	}
	script := write(t, "# variables\nexport NODENAME=\"rabbit@y\"\nNODE_PORT=9\nHOME=$(pwd)\n")
	l = load(t, "", func(s *Sources) { s.Files, s.EnvFile, s.Environ = nil, script, []string{"RABBITMQ_NODE_PORT=8"} })
	if l.Settings.Broker.NodeName != "rabbit@y" || l.Settings.Broker.Listen[0] != ":8" || len(l.Warnings) != 1 {
		t.Errorf("of a script: %+v %q", l.Settings.Broker.Listen, l.Warnings)
	}
}

package conf

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/erlang"
)

// withAdvanced has RabbitMQ's second file read.
func withAdvanced(t *testing.T, text string) func(*Sources) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "advanced.config")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(s *Sources) { s.Usual, s.Files, s.Advanced = s.Files, nil, path }
}

func TestAdvancedConfig(t *testing.T) {
	l := load(t, "consumer_timeout = 5000\nheartbeat = 9\n", withAdvanced(t, `%% a comment, with a "quote
[
 {rabbit, [
   {consumer_timeout, undefined},   % for ever
   {max_message_size, 1000},
   {default_user, <<"ann">>}, {default_pass, <<"s3\"cret"/utf8>>},
   {default_user_tags, [monitoring]},
   {loopback_users, []},
   {vm_memory_high_watermark, {absolute, 1073741824}},
   {disk_free_limit, {mem_relative, 1.5}},
   {log_levels, [{connection, error}, {'queue', debug}]},
   {auth_mechanisms, ['PLAIN', 'ANONYMOUS']},
   {auth_backends, [{rabbit_auth_backend_internal, internal}, rabbit_auth_backend_internal]},
   {tcp_listeners, [5672]}
 ]},
 {rabbitmq_shovel, [{shovels, [{a, [{x, "y"}]}]}]},
 {kernel, []}
].
`))
	b := l.Settings.Broker
	internal := broker.AuthRule{Authn: "internal", Authz: "internal"}
	for what, ok := range map[string]bool{
		"scalars":    b.ConsumerTimeout == -1 && b.MaxMessageSize == 1000 && b.Heartbeat == 9*time.Second,
		"user":       b.Seed.User == "ann" && b.Seed.Password == `s3"cret` && reflect.DeepEqual(b.Seed.Tags, []string{"monitoring"}),
		"loopback":   len(b.LoopbackUsers) == 0,
		"levels":     b.MemoryHighWatermark == 1<<30 && b.DiskFreeLimit == 1500,
		"log":        l.Settings.Log.Categories["connection"] == zapcore.ErrorLevel && l.Settings.Log.Categories["queue"] == zapcore.DebugLevel,
		"mechanisms": reflect.DeepEqual(b.Mechanisms, []string{"PLAIN", "ANONYMOUS"}),
		"backends":   reflect.DeepEqual(b.Auth.Rules, []broker.AuthRule{internal, internal}),
		"warnings":   len(l.Warnings) == 2 && strings.Contains(l.Warnings[0], "advanced.config:14: tcp_listeners has no effect") && strings.Contains(l.Warnings[1], "rabbitmq_shovel shovels"),
		"files":      len(l.Files) == 2,
	} {
		if !ok {
			t.Errorf("%s: %+v, %q", what, b, l.Warnings)
		}
	}
	l = load(t, "", withAdvanced(t, "[].\n"))
	if len(l.Warnings) != 0 || l.Settings.Broker.ConsumerTimeout != 30*time.Minute {
		t.Errorf("nothing is %q", l.Warnings)
	}
	for text, want := range map[string]string{
		"[{rabbit, [{consumer_timeout, often}]}].": `advanced.config:1: consumer_timeout: "often" is no time`,
		"[{rabbit,\n [{default_pass, <<1,2>>}]}].": "advanced.config:2: a binary that is no text",
		"[{rabbit, []}]":                  "advanced.config:1: a dot is missing",
		"[{rabbit, []}]. x.":              "something behind the term",
		"[{rabbit, [}].":                  "'}' is no term",
		"[{rabbit, [{a b}]}].":            "a comma or } is missing",
		"[{rabbit, \"[]}].":               "a quote does not end",
		"{rabbit, []}.":                   "there must be a list of applications",
		"[rabbit].":                       "this is no application",
		"[{rabbit, [consumer_timeout]}].": "this is no setting",
		"":                                "a term is missing",
		strings.Repeat("[", 40):           "terms lie more than 32 deep",
		"[{rabbit, [{auth_backends, [rabbit_auth_backend_ldap]}]}].": "cannot be looked up by LDAP",
	} {
		src := sources(t, "", withAdvanced(t, text))
		if _, err := Load(src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestErlangArguments(t *testing.T) {
	l := load(t, "", environ(`RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-rabbit consumer_timeout undefined heartbeat 7 -rabbit default_pass '<<"a b">>' -rabbit loopback_users [] `+
		`-rabbit disk_free_limit "{absolute, 5}" -rabbitmq_management load_definitions "/d.json" -rabbit auth_mechanisms ['PLAIN'] -rabbit unheard 1 +S 2 +sbwt none -sname x`))
	b := l.Settings.Broker
	if b.ConsumerTimeout != -1 || b.BusyWait != -1 || b.Heartbeat != 7*time.Second || b.Seed.Password != "a b" || len(b.LoopbackUsers) != 0 || b.DiskFreeLimit != 5 ||
		!reflect.DeepEqual(b.Definitions.Paths, []string{"/d.json"}) || !reflect.DeepEqual(b.Mechanisms, []string{"PLAIN"}) {
		t.Errorf("got %+v", b)
	}
	if len(l.Warnings) != 3 || !strings.Contains(l.Warnings[0], "unheard has no effect") || !strings.Contains(l.Warnings[1], "+S has") || !strings.Contains(l.Warnings[2], "-sname has no effect") {
		t.Errorf("warnings are %q", l.Warnings)
	}
}

// TestBusyWaitOfRabbitMQ checks that only who wants no busy waiting gets none: how
// long Erlang's schedulers wait otherwise means nothing here.
func TestBusyWaitOfRabbitMQ(t *testing.T) {
	l := load(t, "", environ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+sbwt very_short +sbwt"))
	if b := l.Settings.Broker; b.BusyWait != 0 || len(l.Warnings) != 2 || !strings.Contains(l.Warnings[0], "+sbwt has no effect") {
		t.Errorf("got %v, warnings are %q", b.BusyWait, l.Warnings)
	}
}

func TestLevelsOfAVariable(t *testing.T) {
	l := load(t, "", environ("RABBITMQ_LOG=warning, connection.debug,+json,+color"))
	if g := l.Settings.Log; g.Level != zapcore.WarnLevel || g.Categories["connection"] != zapcore.DebugLevel || !g.Console.JSON || !g.File.JSON || len(l.Warnings) != 1 {
		t.Errorf("the log is %+v, warnings are %q", g, l.Warnings)
	}
	if _, err := Load(sources(t, "", environ("RABBITMQ_LOG=loud"))); err == nil || !strings.Contains(err.Error(), "RABBITMQ_LOG: ") {
		t.Errorf("a level that there is not: %v", err)
	}
}

func FuzzTerms(f *testing.F) {
	f.Add("[{rabbit, [{consumer_timeout, undefined}, {a, <<\"b\">>}]}]. % x\n")
	f.Add("{'a b', -1.5e3, 16#ff, \"\\n\", []}.")
	f.Fuzz(func(t *testing.T, text string) {
		root, err := erlang.ParseFile(text)
		if err != nil {
			return
		}
		r := &reader{table: newTable(Keys()), env: map[string]string{}}
		e := advanced{&gathered{reader: r}}
		e.applications("f", root)
		_, _ = apply(merge([][]Assignment{e.all}), nil)
	})
}

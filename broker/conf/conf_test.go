package conf

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/auth/authhttp"
	"github.com/lepusmq/lepus/broker/certs"
	"github.com/lepusmq/lepus/broker/session"
)

func TestTheReferenceIsThatOfTheTable(t *testing.T) {
	text, err := os.ReadFile("REFERENCE.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != Reference() {
		t.Error("REFERENCE.md is out of date: make generate")
	}
}

func TestTheTableIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Keys() {
		if seen[k.Pattern] {
			t.Errorf("%s is there twice", k.Pattern)
		}
		seen[k.Pattern] = true
		if (k.Ignored+k.Refused == "") != (k.Type.apply != nil) {
			t.Errorf("%s has an effect, or a reason to have none, but not both", k.Pattern)
		}
		if k.Ignored+k.Refused == "" && (k.Doc == "" || strings.HasSuffix(k.Doc, ".")) {
			t.Errorf("%s: %q", k.Pattern, k.Doc)
		}
		if (k.Flag == "") != (k.Kind == "") {
			t.Errorf("%s: a flag needs a heading", k.Pattern)
		}
	}
}

// write writes a configuration file.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rabbitmq.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sources are those of a test: one file, and what change says.
func sources(t *testing.T, text string, change ...func(*Sources)) Sources {
	t.Helper()
	src := Sources{Files: []string{write(t, text)}, Defaults: map[string]string{"data_dir": "/data"}, Memory: func() int64 { return 1000 }}
	for _, c := range change {
		c(&src)
	}
	return src
}

func load(t *testing.T, text string, change ...func(*Sources)) *Loaded {
	t.Helper()
	l, err := Load(sources(t, text, change...))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func environ(vars ...string) func(*Sources) {
	return func(s *Sources) { s.Environ, s.Files = vars, []string{noFile} }
}

// What the table has as defaults is what the broker does without a configuration.
func TestDefaultsAreTheBrokers(t *testing.T) {
	got := load(t, "").Settings.Broker
	want := broker.Config{
		Listen: []string{":5672"}, ListenTLS: []string{}, ListenUnix: []string{}, UnixMode: 0o660, DataDir: "/data", Version: broker.DefaultVersion,
		TLS: certs.Options{Depth: 10, Versions: []string{"tlsv1.3", "tlsv1.2"}, Ciphers: []string{}}, TLSHandshakeTimeout: 5 * time.Second,
		CertLogin: certs.Naming{From: certs.DistinguishedName, SANType: "dns"}, LoopbackUsers: []string{"guest"},
		Mechanisms: []string{"PLAIN", "AMQPLAIN"}, AnonymousUser: "guest", ChannelMax: 2047, FrameMax: 131072, Heartbeat: time.Minute,
		HandshakeTimeout: 10 * time.Second, MaxMessageSize: 16 << 20, DefaultQueueType: "classic", ConsumerTimeout: 30 * time.Minute,
		MemoryLimit: 1000, MemoryHighWatermark: 600, MetricsPath: "/metrics",
		Auth: broker.Auth{
			Rules: []broker.AuthRule{{Authn: "internal", Authz: "internal"}}, HTTP: authhttp.Config{RequestTimeout: 15 * time.Second},
			TLS: certs.Client{Versions: []string{}, Ciphers: []string{}}, CacheTTL: 15 * time.Second,
		},
		Definitions: broker.Definitions{TLS: certs.Client{Versions: []string{}, Ciphers: []string{}}},
		Seed:        broker.Seed{VHost: "/", User: "guest", Password: "guest", Tags: []string{auth.Administrator}, Permission: auth.Everything()},
	}
	want.Management = broker.HTTP{Listen: []string{":15672"}, TLS: want.TLS, MaxBody: 20_000_000}
	want.Prometheus = broker.HTTP{Listen: []string{":15692"}, TLS: want.TLS}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

func TestAWholeFile(t *testing.T) {
	s := load(t, `
# a comment
listeners.tcp = none
listeners.ssl.2 = [::1]:5673   # another
listeners.ssl.1 = 127.0.0.1:5671
listeners.unix.1 = /run/lepus/amqp.sock
unix_listen_options.mode = 0600
ssl_options.certfile = /c.pem
ssl_options.keyfile  = /k.pem
ssl_options.password = 'a#b$(c'
ssl_options.verify   = verify_peer
ssl_options.depth = 0
ssl_options.versions.1 = tlsv1.2
ssl_options.honor_cipher_order = true
ssl_options.sni.shop.certfile = /s.pem
ssl_options.sni.shop.keyfile = /sk.pem
ssl_options.sni.shop.password = '#'
ssl_options.sni.shop.hosts = shop.example.org, *.shop.example.org
default_pass = $(PASS)x
default_user_tags.management = true
loopback_users.guest = false
loopback_users.ann\.b = true
default_users.qa.vhost_pattern = ^qa
default_users.qa.tags = policymaker, monitoring
default_users.qa.read = .*
default_limits.vhosts.1.pattern = ^qa
default_limits.vhosts.1.max_queues = 5
default_policies.operator.op.vhost_pattern = ^qa
default_policies.operator.op.queue_pattern = ^tmp
default_policies.operator.op.expires = 1h
auth_mechanisms.1 = external
heartbeat = 0
connection_max = 10
consumer_max_per_channel = 16
cluster_queue_limit = 17
cluster_exchange_limit = 18
message_interceptors.incoming.set_header_timestamp.overwrite = false
message_interceptors.incoming.set_header_routing_node.overwrite = true
log.file.rotation.date = $D0
log.exchange = true
log.exchange.level = error
consumer_timeout = 2h
vm_memory_high_watermark.absolute = 1GiB
disk_free_limit.relative = 1.5
management.ssl.port = 15671
management.ssl.certfile = /m.pem
management.ssl.keyfile = /mk.pem
prometheus.tcp.ip = 127.0.0.1
prometheus.authentication.enabled = true
log.console.formatter = json
log.connection.level = warning
log.file = lepus.log
log.file.rotation.size = 10MB
cluster_formation.k8s.host = kubernetes
`, func(s *Sources) { s.Environ = []string{"PASS=s3cret"} })
	c := s.Settings.Broker
	for what, ok := range map[string]bool{
		"listeners":     len(c.Listen) == 0 && reflect.DeepEqual(c.ListenTLS, []string{"127.0.0.1:5671", "[::1]:5673"}) && c.ListenUnix[0] == "/run/lepus/amqp.sock" && c.UnixMode == 0o600,
		"tls":           c.TLS.CertFile == "/c.pem" && c.TLS.Password == "a#b$(c" && c.TLS.Verify && c.TLS.Depth == -1 && reflect.DeepEqual(c.TLS.Versions, []string{"tlsv1.2"}),
		"sni":           reflect.DeepEqual(c.TLS.Named, []certs.Named{{ID: "shop", Hosts: []string{"shop.example.org", "*.shop.example.org"}, CertFile: "/s.pem", KeyFile: "/sk.pem", Password: "#"}}),
		"seed":          c.Seed.Password == "s3cretx" && reflect.DeepEqual(c.Seed.Tags, []string{"management"}),
		"loopback":      reflect.DeepEqual(c.LoopbackUsers, []string{"ann.b"}),
		"mechanisms":    reflect.DeepEqual(c.Mechanisms, []string{"EXTERNAL"}),
		"heartbeat":     c.Heartbeat == -1,
		"interceptors":  c.Interceptors == session.Interceptors{Timestamp: session.Add, RoutingNode: session.Overwrite},
		"limits":        c.MaxConsumers == 16 && c.MaxQueues == 17 && c.MaxExchanges == 18 && c.MaxConnections == 10 && c.ConsumerTimeout == 2*time.Hour,
		"levels":        c.MemoryHighWatermark == 1<<30 && c.DiskFreeLimit == 1500,
		"management":    c.Management.Listen == nil && reflect.DeepEqual(c.Management.ListenTLS, []string{":15671"}) && c.Management.TLS.CertFile == "/m.pem",
		"prometheus":    c.MetricsLogin && reflect.DeepEqual(c.Prometheus.Listen, []string{"127.0.0.1:15692"}),
		"log":           s.Settings.Log.Console.JSON && s.Settings.Log.File.Path == "/data/lepus.log" && s.Settings.Log.MaxSize == 10_000_000 && s.Settings.Log.Categories["connection"] == zapcore.WarnLevel,
		"three rules":   len(c.VHostDefaults) == 3,
		"two warnings":  len(s.Warnings) == 2,
		"honor ignored": strings.Contains(s.Warnings[0], ":14: ssl_options.honor_cipher_order has no effect"),
	} {
		if !ok {
			t.Errorf("%s is not as it should be: %+v %+v %q", what, c, s.Settings.Log, s.Warnings)
		}
	}
	limits, policy, user := c.VHostDefaults[0], c.VHostDefaults[1], c.VHostDefaults[2]
	if *limits.MaxQueues != 5 || policy.OperatorPolicy.Definition["expires"] != float64(3600_000) || policy.Names != "^qa" ||
		user.User.Name != "qa" || len(user.User.Tags) != 2 || user.Permission.Read != ".*" {
		t.Errorf("rules are %+v, %+v, %+v", limits, policy, user)
	}
}

func TestErrorsNameTheirPlace(t *testing.T) {
	for text, want := range map[string]string{
		"\nlisteners.tcp.default 5672":          ":2: this is neither a comment nor key = value",
		"= 5":                                   ":1: this is neither",
		"heartbeat =":                           ":1: heartbeat has no value",
		"heartbeat = # none":                    ":1: heartbeat has no value",
		"default_pass = 'abc":                   ":1: the quote of the value of default_pass does not end",
		"heartbeet = 5":                         ":1: there is no key heartbeet: is it heartbeat?",
		"listners.tcp.default = 5672":           "is it listeners.tcp.default?",
		"something.else.altogether = 1":         ":1: there is no key something.else.altogether",
		"heartbeat..x = 1":                      "a part of it is empty",
		"heartbeat = often":                     `:1: heartbeat: "often" is no time`,
		"listeners.tcp.default = here":          `:1: listeners.tcp.default: "here" is no place to listen`,
		"listeners.tcp.default = 70000":         "is no place to listen",
		"listeners.tcp.1 = local:/run/x:0":      "a Unix socket is listeners.unix.1 = /path",
		"listeners.unix.1 = run/x":              "is no path from the root on",
		"unix_listen_options.mode = 0999":       "are no rights",
		"unix_listen_options.mode = 1777":       "are no rights",
		"proxy_protocol = maybe":                `"maybe" is neither true nor false`,
		"frame_max = 1XB":                       `"1XB" is no amount`,
		"prometheus.path = metrics":             `"metrics" is no path, write it as /metrics`,
		"prometheus.path = /a{b}":               "is no path",
		"channel_max = -1":                      `"-1" is no number from 0 on`,
		"vm_memory_high_watermark.relative = 2": `"2" is no share from 0 to 1`,
		"ssl_options.verify = verify_all":       `"verify_all" is none of verify_none, verify_peer`,
		"log.default.level = loud":              `"loud" is no level of the log`,
		"default_pass = $(NOT_THERE)":           "the environment has no variable NOT_THERE",
		"default_pass = $(<not there)":          "not there: no such file",
		"default_pass = $(X":                    "a $( has no )",
		"listeners.ssl.default = 5671":          "listeners.ssl needs ssl_options.certfile",
		"definitions.import_backend = https":    "needs definitions.https.url",
		"ssl_options.verfy = verify_peer":       "is it ssl_options.verify?",
		"ssl_options.crl_check = peer":          `"peer" is none of false`,
		"ssl_options.cert = AAAA":               "name them with certfile",
		"log.conection.level = debug":           "nothing is logged as conection",
		"log.fil = x":                           "there is no key log.fil",
		"log.file.rotation.date = daily":        "is no time again and again",
		"message_interceptors.incoming.set_header_timestamp.overwrite = 2": "neither true nor false",
		"data_dir = ''": "no data folder",
	} {
		_, err := Load(sources(t, text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	_, err := Load(sources(t, "heartbeet = 5\nfame_max = 1\n"))
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two errors are %v", err)
	}
}

func TestPrecedence(t *testing.T) {
	flag := func(key, value string) func(*Sources) {
		return func(s *Sources) { s.Set = append(s.Set, Assignment{Key: key, Value: value, From: "--flag"}) }
	}
	env := func(vars ...string) func(*Sources) { return func(s *Sources) { s.Environ = vars } }
	for _, tt := range []struct {
		what   string
		text   string
		change []func(*Sources)
		want   []string
	}{
		{"a file", "listeners.tcp.a = 1\nlisteners.tcp.b = 2", nil, []string{":1", ":2"}},
		{"the last of a key", "listeners.tcp.a = 1\nlisteners.tcp.a = 2", nil, []string{":2"}},
		{"a variable", "listeners.tcp.a = 1\nlisteners.tcp.b = 2", []func(*Sources){env("RABBITMQ_NODE_PORT=3")}, []string{":3"}},
		{"a flag", "listeners.tcp.a = 1", []func(*Sources){env("RABBITMQ_NODE_PORT=3"), flag("listeners.tcp.1", "4"), flag("listeners.tcp.2", "[::1]:5")}, []string{":4", "[::1]:5"}},
	} {
		if got := load(t, tt.text, tt.change...).Settings.Broker.Listen; !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
		}
	}
	l := load(t, "vm_memory_high_watermark.absolute = 100", flag("vm_memory_high_watermark", "0.5"), flag("default_pass", "s3cret"))
	if got := l.Settings.Broker.MemoryHighWatermark; got != 500 {
		t.Errorf("a flag of the same group: %d", got)
	}
	for _, a := range l.Effective {
		if strings.Contains(a.Shown(), "s3cret") {
			t.Errorf("%s shows its value", a.Key)
		}
	}
}

func TestNeedRestart(t *testing.T) {
	was := load(t, "heartbeat = 1\ncluster_name = a\ndefault_pass = s3cret\nlisteners.tcp.1 = 1\nraft.x = 1")
	is := load(t, "heartbeat = 2\ncluster_name = b\ndefault_pass = other\nlisteners.tcp.2 = 1\nraft.x = 2\nproxy_protocol = false")
	want := []string{"cluster_name", "default_pass", "listeners.tcp.1", "listeners.tcp.2"}
	if got := was.NeedRestart(is); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := is.NeedRestart(is); len(got) != 0 {
		t.Errorf("no change needs %q", got)
	}
}

func TestPlacesToListen(t *testing.T) {
	for s, want := range map[string]string{
		"5672": ":5672", "127.0.0.1:1": "127.0.0.1:1", "[::1]:2": "[::1]:2", "::1:3": "[::1]:3", ":::4": "[::]:4", "localhost:5": "localhost:5", "none": "",
	} {
		if got, err := readAddress(s); err != nil || got != want {
			t.Errorf("%q is %q, %v, want %q", s, got, err, want)
		}
	}
	for _, s := range []string{"", "x", "1.2.3.4", "[::1]", "65536", "::1:x", "local:/run/socket:0"} {
		if got, err := readAddress(s); err == nil {
			t.Errorf("%q is %q", s, got)
		}
	}
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"20-b.conf": "heartbeat = 20", "10-a.conf": "heartbeat = 10\nframe_max = 8192", "30.txt": "garbage",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := load(t, "", func(s *Sources) { s.Files = []string{dir} })
	if c := l.Settings.Broker; c.Heartbeat != 20*time.Second || c.FrameMax != 8192 || len(l.Files) != 2 {
		t.Errorf("got %v, %d of %q", c.Heartbeat, c.FrameMax, l.Files)
	}
	if _, err := Load(Sources{Files: []string{filepath.Join(dir, "nowhere")}}); err == nil {
		t.Error("a file that is not there is passed over")
	}
}

func TestSizes(t *testing.T) {
	for s, want := range map[string]int64{
		"1073741824": 1 << 30, "1": 1,
		"3k": 3 << 10, "3KiB": 3 << 10, "3kib": 3 << 10, "3kB": 3000, "3KB": 3000,
		"512MiB": 512 << 20, "512M": 512 << 20, "512MB": 512e6,
		"2GB": 2e9, "2g": 2 << 30, "2 GiB": 2 << 30,
		"1TB": 1e12, "1TiB": 1 << 40, "1PiB": 1 << 50, "8191PiB": 8191 << 50,
		"9223372036854775807": math.MaxInt64,
	} {
		if got, err := readSize(s); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "0", "-1", "-1MB", "1.5GB", "MB", "1B", "1bB", "1KiBB", "1iB", "1kk", "1EB", "1 000", "0x10", "1e3"} {
		if got, err := readSize(s); err == nil || !strings.Contains(err.Error(), "no amount") {
			t.Errorf("%q is %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"8192PiB", "9223372036854775808", "9007199254740992K"} {
		if got, err := readSize(s); err == nil || !strings.Contains(err.Error(), "too much") {
			t.Errorf("%q is %d, %v", s, got, err)
		}
	}
}

func TestWatermarks(t *testing.T) {
	watermark := func(s string, whole int64) Sources {
		set := []Assignment{{Key: "vm_memory_high_watermark", Value: s}, {Key: "ephemeral", Value: "true"}}
		return Sources{Files: []string{noFile}, Set: set, Memory: func() int64 { return whole }}
	}
	for _, tt := range []struct {
		s     string
		whole int64
		want  int64
	}{
		{"0.6", 1000, 600},
		{"1", 1000, 1000},
		{"1.0", 1000, 1000},
		{"0", 1000, 1},
		{"0", 0, 1},
		{"0.4", 0, 0},
		{"512MiB", 1000, 512 << 20},
		{"2", 1000, 2},
		{"2GB", 0, 2e9},
	} {
		l, err := Load(watermark(tt.s, tt.whole))
		if err != nil || l.Settings.Broker.MemoryHighWatermark != tt.want {
			t.Errorf("%q of %d is %+v, %v; want %d", tt.s, tt.whole, l, err, tt.want)
		}
	}
	for _, s := range []string{"", "1.5", "-0.1", "-1", "half", "NaN", "0.5GB", "60%"} {
		if _, err := Load(watermark(s, 1000)); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add("a.b = 'c' # d\nheartbeat = $(X)\n")
	f.Add("listeners.tcp.default = [::1]:5672\nlog.file.level=debug")
	f.Fuzz(func(t *testing.T, text string) {
		r := &reader{table: newTable(Keys()), env: map[string]string{"X": "5"}}
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		all, err := r.readFile(path)
		if err == nil {
			_, _ = apply(merge([][]Assignment{all}), nil)
		}
	})
}

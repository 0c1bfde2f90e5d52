package conf

import (
	"cmp"
	"errors"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/vhost"
)

// Settings are what a configuration comes to.
type Settings struct {
	Broker broker.Config
	Log    Log
	// PIDFile is where the number of the process is written; empty is nowhere.
	PIDFile string
	// Ephemeral keeps everything in memory: Broker.DataDir is empty.
	Ephemeral bool

	// What becomes part of Broker when everything is known, see settle.
	listen, listenTLS     map[string]string // by name
	listenUnix            map[string]string
	tls, mgmtTLS, promTLS tlsFiles
	management, metrics   webPlaces
	loopback              map[string]bool
	tags                  map[string]bool
	mechanisms            map[string]string
	backends              map[string]*broker.AuthRule
	authTLS               clientFiles
	definitionsTLS        clientFiles
	needsURL              bool // of definitions
	defaults              map[string]*broker.VHostDefault
	watermark, diskLimit  Level
	memory                func() int64 // of the machine
}

// webPlaces is where a view is served.
type webPlaces struct {
	places   []string // whole addresses, which count alone if there are any
	tcp, tls webPlace
	old      webPlace // of tls if oldTLS, or else of tcp
	oldTLS   bool
	off      bool
}

type webPlace struct{ ip, port string }

func (p webPlace) set() bool { return p != webPlace{} }

// Log says what is logged, and where.
type Log struct {
	// Level is the least that counts, of what has no level of its own in
	// Categories.
	Level      zapcore.Level
	Categories map[string]zapcore.Level
	Console    LogOutput
	File       LogOutput
	Exchange   LogOutput
	// Dir is where the file is if its path is not absolute.
	Dir string
	// MaxSize is the size in bytes at which a file is put aside; 0 is never. MaxOld
	// is how many of those are kept; 0 is all.
	MaxSize  int64
	MaxOld   int
	Compress bool
	// Rotation is when a file is put aside in any case.
	Rotation Schedule
}

// LogOutput is a place where the log goes.
type LogOutput struct {
	On bool
	// Path is a file's.
	Path string
	// Level is the least that counts here; nil is that of Log.
	Level *zapcore.Level
	JSON  bool
}

func newSettings(memory func() int64) *Settings {
	return &Settings{
		listen: map[string]string{}, listenTLS: map[string]string{}, listenUnix: map[string]string{},
		loopback: map[string]bool{}, mechanisms: map[string]string{}, defaults: map[string]*broker.VHostDefault{},
		Log:    Log{Categories: map[string]zapcore.Level{}},
		memory: memory,
	}
}

// settle makes of the single values what the broker is told. Its errors are what
// is wrong with several of them together.
func (s *Settings) settle() error {
	c := &s.Broker
	c.Listen, c.ListenTLS = places(s.listen), places(s.listenTLS)
	c.ListenUnix = places(s.listenUnix)
	c.TLS = s.tls.options()
	if len(c.ListenTLS) > 0 && !c.TLS.Set() {
		return errors.New("listeners.ssl needs ssl_options.certfile and ssl_options.keyfile")
	}
	c.Management.TLS, c.Prometheus.TLS = s.mgmtTLS.options(), s.promTLS.options()
	s.management.settle(&c.Management, "15672", "15671")
	s.metrics.settle(&c.Prometheus, "15692", "15691")
	c.LoopbackUsers = slices.AppendSeq([]string{}, trueNames(s.loopback))
	c.Mechanisms = []string{}
	for _, n := range slices.Sorted(maps.Keys(s.mechanisms)) {
		c.Mechanisms = append(c.Mechanisms, s.mechanisms[n])
	}
	if s.tags != nil {
		c.Seed.Tags = slices.AppendSeq([]string{}, trueNames(s.tags))
	}
	if s.needsURL && c.Definitions.URL == "" {
		return errors.New("definitions.import_backend = https needs definitions.https.url")
	}
	c.Definitions.TLS = s.definitionsTLS.options()
	c.Seed.Nothing = len(c.Definitions.Paths) > 0 || c.Definitions.URL != ""
	for _, n := range slices.Sorted(maps.Keys(s.defaults)) {
		c.VHostDefaults = append(c.VHostDefaults, *s.defaults[n])
	}
	if err := s.settleAuth(); err != nil {
		return err
	}
	s.settleMemory()
	switch {
	case s.Ephemeral:
		c.DataDir = ""
	case c.DataDir == "":
		return errors.New("no data folder: name one with --data-dir or do without by --ephemeral")
	}
	if s.Log.File.On && !filepath.IsAbs(s.Log.File.Path) {
		s.Log.File.Path = filepath.Join(cmp.Or(s.Log.Dir, c.DataDir, "."), s.Log.File.Path)
	}
	return nil
}

// settleMemory makes amounts of shares. A share of what is not known is no limit;
// the least there is raises the alarm at once, as 0 does with RabbitMQ.
func (s *Settings) settleMemory() {
	c := &s.Broker
	if c.MemoryLimit == 0 {
		c.MemoryLimit = s.memory()
	}
	c.MemoryHighWatermark = s.watermark.of(c.MemoryLimit)
	if c.MemoryHighWatermark == 0 && (c.MemoryLimit > 0 || s.watermark.Share == 0) {
		c.MemoryHighWatermark = 1
	}
	c.DiskFreeLimit = s.diskLimit.of(c.MemoryLimit)
}

// settle decides where a view is served: where whole addresses say, or else where
// parts do; with TLS only if nothing is said of a place without.
func (w *webPlaces) settle(h *broker.HTTP, usual, usualTLS string) {
	plain, secure := w.tcp, w.tls
	switch {
	case w.oldTLS:
		secure = w.old
	case w.old.set():
		plain = w.old
	}
	switch {
	case w.off:
		return
	case len(w.places) > 0:
		h.Listen = w.places
		return
	}
	if secure.set() || h.TLS.Set() || w.oldTLS {
		h.ListenTLS = []string{net.JoinHostPort(secure.ip, cmp.Or(secure.port, usualTLS))}
	}
	if plain.set() || len(h.ListenTLS) == 0 {
		h.Listen = []string{net.JoinHostPort(plain.ip, cmp.Or(plain.port, usual))}
	}
}

// places returns the values that are not empty, in the order of their names:
// numbers as numbers.
func places(by map[string]string) []string {
	all := []string{}
	for _, n := range slices.SortedFunc(maps.Keys(by), byNumber) {
		if by[n] != "" {
			all = append(all, by[n])
		}
	}
	return all
}

// byNumber compares names, of which numbers are most often some.
func byNumber(a, b string) int {
	x, errX := readCount(a)
	y, errY := readCount(b)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a, b)
}

// trueNames returns the names of what is true, sorted.
func trueNames(m map[string]bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, n := range slices.Sorted(maps.Keys(m)) {
			if m[n] && !yield(n) {
				return
			}
		}
	}
}

// byDefault returns the rule for new virtual hosts of a kind and name, which is
// made if need be.
func (s *Settings) byDefault(kind, name string) *broker.VHostDefault {
	id := kind + "." + name
	if s.defaults[id] == nil {
		s.defaults[id] = &broker.VHostDefault{}
	}
	return s.defaults[id]
}

// user is the rule for the user that the key names.
func (to Target) user() *broker.VHostDefault {
	d := to.byDefault("users", to.Names[0])
	d.User.Name = to.Names[0]
	return d
}

// operatorPolicy returns the policy of such a rule.
func (s *Settings) operatorPolicy(name string) *vhost.Policy {
	d := s.byDefault("operator", name)
	if d.OperatorPolicy == nil {
		d.OperatorPolicy = &vhost.Policy{Name: name, Pattern: ".*", ApplyTo: "queues", Definition: map[string]any{}}
	}
	return d.OperatorPolicy
}

// milliseconds is a time as policies have it.
func milliseconds(d time.Duration) any { return float64(max(d, 0) / time.Millisecond) }

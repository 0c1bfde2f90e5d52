package integration

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path before every import of our own.
const module = "github.com/lepusmq/lepus/"

// layer says what a package, and the packages below it, may import. Tests may
// import more.
type layer struct {
	// of is the package, as a path in the repository.
	of string
	// ours and others are the packages it may import, of ours and of other
	// modules, each with what lies below it.
	ours, others []string
	// never are packages of the standard library that it must do without.
	never []string
	// why is the reason, told when the rule is broken.
	why string
}

// layers are the rules of the house. Where several match a package, the
// longest path counts.
func layers() []layer {
	return []layer{
		{
			of:  "amqp",
			why: "the wire format is bytes in, values out: it knows no broker and needs no library",
		},
		{
			of:     "store/vfs",
			others: []string{"golang.org/x/sys"},
			never:  []string{"net"},
			why:    "the file layer is what tests replace: nothing of ours may get past it",
		},
		{
			of:    "store/log",
			ours:  []string{"store/vfs"},
			never: []string{"net", "os"},
			why:   "the log keeps records and knows no queue; its files are the file layer's",
		},
		{
			of:     "store",
			others: []string{"github.com/dgraph-io/badger/v4", "golang.org/x/sys"},
			never:  []string{"net"},
			why:    "the store keeps bytes; what they mean is decided above it, and errors are returned, not logged",
		},
		{
			of:    "exchange",
			ours:  []string{"amqp"},
			never: []string{"sync", "sync/atomic", "time", "net", "os", "io"},
			why:   "routing is a pure function of an immutable graph",
		},
		{
			of:    "queue/fifo",
			ours:  []string{"amqp", "store", "queue/heap"},
			never: []string{"sync", "sync/atomic", "time", "net", "os"},
			why:   "the state machine of a queue has no clock, no lock and no I/O: commands in, effects out",
		},
		{
			of:    "queue/delay",
			ours:  []string{"store", "queue/heap"},
			never: []string{"sync", "sync/atomic", "time", "net", "os"},
			why:   "what waits is ordered without a clock, a lock or I/O, so that a model can hold it to its word",
		},
		{
			of:    "queue",
			ours:  []string{"amqp", "store"},
			never: []string{"net", "os"},
			why:   "a queue knows neither how messages are routed to it nor who its consumers are",
		},
		{
			of:   "broker/auth",
			ours: []string{"broker/pattern"},
			why:  "users are checked alike, whoever asks and wherever they are kept",
		},
		{
			of:   "broker/auth/authhttp",
			ours: []string{"broker/auth"},
			why:  "it asks a web server what others ask of users: who asks is not its business",
		},
		{
			of:     "broker/pattern",
			others: []string{"github.com/dlclark/regexp2"},
			never:  []string{"net", "os"},
			why:    "a pattern is what matches names, wherever they come from",
		},
		{
			of:    "broker/event",
			ours:  []string{"amqp"},
			never: []string{"net", "os"},
			why:   "events are given to it by everybody: it knows none of them",
		},
		{
			of:    "broker/lines",
			never: []string{"net", "os"},
			why:   "lines are kept for whoever reads them, and whatever they tell of",
		},
		{
			of:    "broker/parameter",
			ours:  []string{"amqp"},
			never: []string{"net", "os", "sync"},
			why:   "what a parameter is, and what is wrong with it, is values",
		},
		{
			of:     "broker/shovel",
			others: []string{"github.com/rabbitmq/amqp091-go", "go.uber.org/zap"},
			ours:   []string{"broker/parameter", "broker/stats"},
			why:    "a shovel is a client of two brokers: what it needs of ours it asks its host for",
		},
		{
			of:   "broker/stats",
			ours: []string{"amqp"},
			why:  "what a broker says about itself is values: views read them, and need know nothing of who made them",
		},
		{
			of:     "broker/metrics",
			others: []string{"github.com/klauspost/compress", "github.com/prometheus"},
			ours:   []string{"broker/stats"},
			why:    "a view says what it needs of a broker, and is given values",
		},
		{
			of:     "broker/vhost",
			others: []string{"go.uber.org/zap"},
			ours:   []string{"amqp", "store", "exchange", "queue", "broker/event", "broker/pattern", "broker/stats"},
			never:  []string{"net"},
			why:    "a virtual host serves clients without knowing of connections",
		},
		{
			of:     "broker/session",
			others: []string{"go.uber.org/zap"},
			ours:   []string{"amqp", "broker/auth", "broker/event", "broker/vhost", "broker/stats", "queue"},
			why:    "a session turns methods into calls of its virtual host: topology is the virtual host's business",
		},
		{
			of:   "broker/definitions",
			ours: []string{"amqp", "broker/auth", "broker/parameter", "broker/stats", "broker/vhost"},
			why:  "definitions are values and what they ask of a broker: whoever imports them, and from where, is alike",
		},
		{
			of:     "broker/management",
			others: []string{"go.uber.org/zap"},
			ours: []string{"amqp", "broker/auth", "broker/definitions", "broker/parameter", "broker/pattern", "broker/stats",
				"broker/vhost"},
			why: "a view says what it needs of the broker, and knows neither it nor who is connected",
		},
		{
			of:     "broker/conf",
			others: []string{"go.uber.org/zap", "github.com/xrash/smetrics"},
			ours:   []string{"broker", "broker/auth", "broker/certs", "broker/session", "broker/vhost"},
			why:    "a key of the configuration sets a field of the broker's: it is told nothing in another way",
		},
		{
			of:  "broker/socket",
			why: "a socket is a place to listen at, whoever comes by it",
		},
		{
			of:     "broker/certs",
			others: []string{"github.com/youmark/pkcs8"},
			why:    "certificates are files and names: who listens with them is not their business",
		},
		{
			of:     "broker/brokertest",
			others: []string{"go.uber.org/zap"},
			ours:   []string{"broker"},
			why:    "the fixture uses the broker as anybody would",
		},
		{
			of:     "broker",
			others: []string{"go.uber.org/zap", "github.com/pires/go-proxyproto"},
			ours:   []string{"amqp", "store", "exchange", "queue"},
			why:    "the broker puts together what lies below; who runs it, and how it is told to, is not its business",
		},
		{
			of:     "cmd/lepus/perf",
			others: []string{"github.com/HdrHistogram/hdrhistogram-go"},
			ours:   []string{"amqp"},
			why:    "a load tool is a client: it knows the wire and nothing of our broker, so that it measures any",
		},
		{
			of:   "cmd/lepus/api",
			ours: []string{"broker/control"},
			why:  "a client of the HTTP API knows that and nothing of our broker, so that it serves any",
		},
		{
			of:     "cmd/lepus/ctl",
			ours:   []string{"broker/control", "broker/pattern", "cmd/lepus/api"},
			others: []string{"github.com/xrash/smetrics"},
			why:    "the tools are clients of the HTTP API, as those are that they stand in for",
		},
		{
			of:   "cmd/lepus/admin",
			ours: []string{"broker/control", "cmd/lepus/api"},
			why:  "the tool is a client of the HTTP API, as the one is that it stands in for",
		},
		{
			of:     "broker/control",
			others: []string{"go.uber.org/zap"},
			ours:   []string{"broker/lines", "broker/socket"},
			why:    "the socket is a way to a broker, whoever serves it",
		},
		{
			of:     "cmd",
			others: []string{"github.com/urfave/cli/v2", "go.uber.org/zap", "github.com/coreos/go-systemd/v22", "gopkg.in/natefinch/lumberjack.v2"},
			ours:   []string{"broker"},
			why:    "a command parses and makes one call: what it needs is asked of the broker",
		},
		{
			of:    "broker/management/page",
			never: []string{"net", "os"},
			why:   "the page is files that are built already: who serves them is not its business",
		},
		{
			of:  "packaging",
			why: "what makes an image knows files and commands, and no package",
		},
		{
			of:   "integration",
			ours: []string{"broker/brokertest"},
			why:  "these tests know a broker's address and nothing else, so that they hold any broker to the protocol",
		},
	}
}

func TestHouseImports(t *testing.T) {
	rules := layers()
	for _, f := range sources(t) {
		l, ok := layerOf(rules, f.pkg)
		if !ok {
			t.Errorf("%s: package %s has no place in the house: add it to the layers", f.path, f.pkg)
			continue
		}
		if f.test() || f.tool() {
			continue
		}
		for _, spec := range f.tree.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if !l.allows(path) {
				t.Errorf("%s: %s must not import %s: %s", f.at(spec), l.of, path, l.why)
			}
		}
	}
}

func layerOf(rules []layer, pkg string) (found layer, ok bool) {
	for _, l := range rules {
		if under(pkg, l.of) && len(l.of) > len(found.of) {
			found, ok = l, true
		}
	}
	return found, ok
}

func (l *layer) allows(path string) bool {
	if own, ok := strings.CutPrefix(path, module); ok {
		return under(own, l.of) || underAny(own, l.ours)
	}
	if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
		return underAny(path, l.others)
	}
	return !slices.Contains(l.never, path)
}

// under says whether path is dir or lies in it.
func under(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+"/")
}

func underAny(path string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool { return under(path, dir) })
}

// Import circles are refused by the compiler; circles of folders are not, so
// that lower folders need this.
func TestHouseHasNoCircleOfFolders(t *testing.T) {
	imports := make(map[string]map[string]bool)
	for _, f := range sources(t) {
		if f.test() {
			continue
		}
		from := top(f.pkg)
		for _, spec := range f.tree.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			own, ok := strings.CutPrefix(path, module)
			if to := top(own); ok && to != from {
				if imports[from] == nil {
					imports[from] = make(map[string]bool)
				}
				imports[from][to] = true
			}
		}
	}
	var reaches func(from, to string, seen map[string]bool) bool
	reaches = func(from, to string, seen map[string]bool) bool {
		if seen[from] {
			return false
		}
		seen[from] = true
		for next := range imports[from] {
			if next == to || reaches(next, to, seen) {
				return true
			}
		}
		return false
	}
	for dir := range imports {
		if reaches(dir, dir, make(map[string]bool)) {
			t.Errorf("folder %s imports itself by way of others", dir)
		}
	}
}

func top(pkg string) string {
	first, _, _ := strings.Cut(pkg, "/")
	return first
}

func TestHouseFilesAreSmall(t *testing.T) {
	const limit = 600
	for _, f := range sources(t) {
		if f.generated() {
			continue
		}
		if n := f.set.File(f.tree.Pos()).LineCount(); n > limit {
			t.Errorf("%s has %d lines, %d is the limit: it does more than one job", f.path, n, limit)
		}
	}
}

func TestHousePackagesAreDocumentedAndNamed(t *testing.T) {
	banned := []string{"util", "utils", "common", "helper", "helpers", "interfaces", "misc", "shared"}
	documented := make(map[string]bool)
	for _, f := range sources(t) {
		if slices.Contains(banned, f.tree.Name.Name) {
			t.Errorf("%s: package %s says nothing of what it does", f.path, f.tree.Name.Name)
		}
		documented[f.pkg] = documented[f.pkg] || f.tree.Doc != nil
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no doc comment", pkg)
		}
	}
}

func TestHouseHasNoInit(t *testing.T) {
	for _, f := range sources(t) {
		for _, d := range f.tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: nothing happens by being imported", f.at(fn))
			}
		}
	}
}

// Sleeping is waiting for the wrong thing: too long on a good day, too short
// on a bad one. In a synctest bubble, whose clock is not the world's, it is
// neither.
func TestHouseTestsDoNotSleep(t *testing.T) {
	for _, f := range sources(t) {
		if !f.test() || f.imports("testing/synctest") {
			continue
		}
		ast.Inspect(f.tree, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && called(call, "time", "Sleep") {
				t.Errorf("%s sleeps: wait for what must happen, or use synctest", f.at(n))
			}
			return true
		})
	}
}

func TestHouseSkipsHaveReasons(t *testing.T) {
	for _, f := range sources(t) {
		ast.Inspect(f.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) > 0 {
				return true
			}
			for _, name := range []string{"t", "b", "f"} {
				if called(call, name, "Skip") || called(call, name, "SkipNow") {
					t.Errorf("%s skips a test without a reason", f.at(n))
				}
			}
			return true
		})
	}
}

func called(call *ast.CallExpr, pkg, name string) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == pkg
}

// source is a Go file of the repository.
type source struct {
	path string // from the root of the repository, with slashes
	pkg  string // its folder
	set  *token.FileSet
	tree *ast.File
}

func (f *source) test() bool      { return strings.HasSuffix(f.path, "_test.go") }
func (f *source) generated() bool { return strings.HasSuffix(f.path, "_gen.go") }

// tool says whether the file is part of a program that only builds us.
func (f *source) tool() bool { return strings.Contains(f.path, "/internal/gen/") }

func (f *source) at(n ast.Node) string { return f.set.Position(n.Pos()).String() }

func (f *source) imports(path string) bool {
	return slices.ContainsFunc(f.tree.Imports, func(s *ast.ImportSpec) bool {
		return s.Path.Value == strconv.Quote(path)
	})
}

// sources parses every Go file of the repository.
func sources(t *testing.T) []*source {
	t.Helper()
	const root = ".."
	var all []*source
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		tree, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		all = append(all, &source{path: rel, pkg: filepath.ToSlash(filepath.Dir(rel)), set: set, tree: tree})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lepusmq/lepus/broker/stats"
)

// server is the server command, running.
type server struct {
	ready  string
	stderr *bytes.Buffer // to be read after stop only
	cancel context.CancelFunc
	ended  chan error
}

// startServer runs the real command and returns when it says it is ready.
func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	s, out := launchServer(t, args...)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server is not ready: %v", <-s.ended)
	}
	s.ready = line
	return s
}

// launchServer runs the real command, which waits until the line that says that it
// is ready has been read.
func launchServer(t *testing.T, args ...string) (*server, io.Reader) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	s := &server{stderr: new(bytes.Buffer), cancel: cancel, ended: make(chan error, 1)}
	go func() {
		err := newApp(in, s.stderr).RunContext(ctx, append([]string{"lepus", "server"}, onlyWhatIsAsked(args)...))
		_ = in.Close()
		s.ended <- err
	}()
	t.Cleanup(cancel)
	return s, out
}

// onlyWhatIsAsked adds flags that keep a server from the machine's files and ports,
// unless there are others.
func onlyWhatIsAsked(args []string) []string {
	for _, flag := range []string{"--config", "--management-listen", "--prometheus-listen"} {
		if !slices.Contains(args, flag) {
			args = append(args, flag, "none")
		}
	}
	return args
}

// stop ends the server and returns what its command returned.
func (s *server) stop() error {
	s.cancel()
	return <-s.ended
}

// ask asks the management API, as guest.
func (s *server) ask(t *testing.T, path string) (status int, body []byte) {
	t.Helper()
	url := regexp.MustCompile(`http://127\S+`).FindString(s.ready)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("guest", "guest")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err = io.ReadAll(answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

// address is the first one in the ready line.
func (s *server) address(t *testing.T) string {
	t.Helper()
	found := regexp.MustCompile(`ready: amqp://(\S+)`).FindStringSubmatch(s.ready)
	if found == nil {
		t.Fatalf("no address in %q", s.ready)
	}
	return found[1]
}

// TestServerSaysItsFiles asks a server where its configuration comes from and where it
// logs to.
func TestServerSaysItsFiles(t *testing.T) {
	logFile := filepath.Join(t.TempDir(), "log")
	path := confFile(t, "log.file = "+logFile+"\n")
	s := startServer(t, "--config", path, "--ephemeral", "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0")
	status, body := s.ask(t, "/api/nodes")
	var nodes []struct {
		ConfigFiles []string `json:"config_files"`
		LogFiles    []string `json:"log_files"`
	}
	if err := json.Unmarshal(body, &nodes); err != nil || len(nodes) != 1 {
		t.Fatalf("%d %s: %v", status, body, err)
	}
	if n := nodes[0]; !slices.Equal(n.ConfigFiles, []string{path}) || !slices.Equal(n.LogFiles, []string{logFile, "<stderr>"}) {
		t.Errorf("%+v", n)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

func TestServerRefusesADefaultQueueType(t *testing.T) {
	err := newApp(io.Discard, io.Discard).RunContext(t.Context(),
		[]string{"lepus", "server", "--config", "none", "--ephemeral", "--default-queue-type", "stream"})
	if err == nil || !strings.Contains(err.Error(), "unsupported queue type 'stream'") {
		t.Errorf("got %v", err)
	}
}

func TestServerServesUntilItIsTold(t *testing.T) {
	s := startServer(t, "--ephemeral", "--listen", "127.0.0.1:0")
	conn, err := net.Dial("tcp", s.address(t))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if err := s.stop(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if _, err := net.Dial("tcp", s.address(t)); err == nil {
		t.Error("it still listens")
	}
	if want := "lepus " + version + " ready: amqp://" + s.address(t) + " (in memory)\n"; s.ready != want {
		t.Errorf("it said %q, want %q", s.ready, want)
	}
	if !strings.Contains(s.stderr.String(), "Server startup complete") {
		t.Errorf("its log is %q", s.stderr)
	}
}

func TestServerTakesItsSettingsFromTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("LEPUS_LISTEN", "127.0.0.1:0,[::1]:0")
	t.Setenv("LEPUS_DATA_DIR", dir)
	t.Setenv("LEPUS_LOG_FORMAT", "json")
	s := startServer(t)
	if strings.Count(s.ready, "amqp://") != 2 || !strings.Contains(s.ready, "(data in "+dir+")") {
		t.Errorf("it said %q", s.ready)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(s.stderr.String(), "{") {
		t.Errorf("its log is %q", s.stderr)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) == 0 {
		t.Errorf("its data folder has %d entries, %v", len(files), err)
	}
}

func TestSecondServerOnTheSameFolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, "--data-dir", dir, "--listen", "127.0.0.1:0")
	out, _, err := runCommand(t, "server", "--data-dir", dir, "--listen", "127.0.0.1:0")
	if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "another") {
		t.Errorf("the second server ended with %v", err)
	}
	if out != "" {
		t.Errorf("the second server said %q", out)
	}
	if err := s.stop(); err != nil {
		t.Errorf("the first server ended with %v", err)
	}
	again := startServer(t, "--data-dir", dir, "--listen", "127.0.0.1:0")
	if err := again.stop(); err != nil {
		t.Error(err)
	}
}

func TestServerNamesAnAddressInUse(t *testing.T) {
	s := startServer(t, "--ephemeral", "--listen", "127.0.0.1:0")
	_, _, err := runCommand(t, "server", "--ephemeral", "--listen", s.address(t))
	if err == nil || !strings.Contains(err.Error(), s.address(t)) {
		t.Errorf("the second server ended with %v", err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

func TestAddressesAreTheOnesToTypeIn(t *testing.T) {
	for want, l := range map[string]stats.Listener{
		"amqp://localhost:5672":  {Protocol: "amqp", Address: "0.0.0.0", Port: 5672},
		"amqps://localhost:5671": {Protocol: "amqp/ssl", Address: "::", Port: 5671},
		"http://127.0.0.1:15672": {Protocol: "http", Address: "127.0.0.1", Port: 15672},
		"https://[::1]:15691":    {Protocol: "https/prometheus", Address: "::1", Port: 15691},
		"http://localhost:15692": {Protocol: "http/prometheus", Address: "::", Port: 15692},
	} {
		if got := listenerURL(l.Protocol, l.Address, l.Port); got != want {
			t.Errorf("%+v is %s, want %s", l, got, want)
		}
	}
}

func TestServerServesItsViews(t *testing.T) {
	s := startServer(t, "--ephemeral", "--listen", "127.0.0.1:0", "--management-listen", "127.0.0.1:0")
	if status, body := s.ask(t, "/api/whoami"); status != 200 || !strings.Contains(string(body), `"guest"`) {
		t.Errorf("%d %s", status, body)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

// patience is how long a test waits for what must happen.
const patience = time.Minute

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		if is() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

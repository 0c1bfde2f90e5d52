package integration

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// lepus is our program as a test built it.
type lepus string

// buildLepus builds the program into a folder of the test's.
func buildLepus(t testing.TB) lepus {
	t.Helper()
	skipForeign(t)
	binary := filepath.Join(t.TempDir(), "lepus")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/lepusmq/lepus/cmd/lepus").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return lepus(binary)
}

// smallWindows are flags with which a server keeps few messages in memory, so that small backlogs are paged.
func smallWindows() []string {
	return []string{"--memory-limit", "64MiB", "--vm-memory-high-watermark", "1GiB"}
}

// process is a running server.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	url  string
	said *output
	done chan struct{} // closed when it has ended
	err  error         // of its end, good once done is closed
}

// output collects what a process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start runs the server on a data folder, with further flags, until it is ready. It is killed at the end of the test if it
// still runs.
func (l lepus) start(t testing.TB, dir string, flags ...string) *process {
	t.Helper()
	p, ready := l.launch(t, dir, flags...)
	select {
	case p.url = <-ready:
	case <-p.done:
		t.Fatalf("the server ended before it was ready: %v\n%s", p.err, p.said)
	case <-time.After(patience):
		t.Fatalf("the server did not get ready\n%s", p.said)
	}
	return p
}

// launch runs the server and returns a channel that gets its address when it is ready.
func (l lepus) launch(t testing.TB, dir string, flags ...string) (*process, <-chan string) {
	t.Helper()
	cmd := exec.Command(string(l), append([]string{"server", "--config", "none", "--data-dir", dir, "--listen", "127.0.0.1:0", "--management-listen", "none", "--prometheus-listen", "none"}, flags...)...)
	cmd.Env = append(os.Environ(), "GOTRACEBACK=all")
	p := &process{t: t, cmd: cmd, said: &output{}, done: make(chan struct{})}
	cmd.Stderr = p.said
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() {
		defer close(p.done)
		lines := bufio.NewScanner(io.TeeReader(stdout, p.said))
		for lines.Scan() {
			if m := regexp.MustCompile(`ready: amqp://(\S+)`).FindStringSubmatch(lines.Text()); m != nil {
				ready <- "amqp://guest:guest@" + m[1] + "/"
			}
		}
		p.err = cmd.Wait()
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the server on %s said:\n%s", p.url, tail(p.said.String(), 8000))
		}
	})
	return p, ready
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// kill ends the server as a crash would, at once and unasked.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// running fails the test if the server has ended.
func (p *process) running() {
	p.t.Helper()
	select {
	case <-p.done:
		p.t.Fatalf("the server ended: %v", p.err)
	default:
	}
}

// wantCalm fails the test if the server has ended by itself or complained of something.
func (p *process) wantCalm() {
	p.t.Helper()
	p.running()
	if said := p.said.String(); strings.Contains(said, "\terror\t") || strings.Contains(said, "panic") {
		p.t.Error("the server complains, see below")
	}
}

// stop asks the server to end and waits until it has, in good order.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	p.wantEnd()
	if p.err != nil {
		p.t.Fatalf("the server ended with %v\n%s", p.err, p.said)
	}
}

func (p *process) wantEnd() {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("the server did not end\n%s", p.said)
	}
}

package integration

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A byte of a stored message is flipped. That is found and named, and costs at most the message: the server runs, other
// queues are served, and so are the other messages of that queue.
func testDamage(t *testing.T, binary lepus) {
	for name, flags := range map[string][]string{"refusing": nil, "accepting": {"--accept-log-loss"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			server := binary.start(t, dir)
			c := connect(t, server.url)
			hit, whole := c.durable("hit"), c.durable("whole")
			for i := range 10 {
				// Confirmed one by one, so that they share no record.
				c.settled("", hit, fmt.Sprint("message ", i))
				c.settled("", whole, fmt.Sprint("other ", i))
			}
			server.stop()
			file := flip(t, dir, "message 5")

			server = binary.start(t, dir, flags...)
			c = connect(t, server.url)
			if got := c.drain(whole); len(got) != 10 {
				t.Errorf("the other queue has %q", got)
			}
			got := c.drain(hit)
			for i := range 10 {
				want := fmt.Sprint("message ", i)
				if there := slices.Contains(got, want); there != (i != 5) {
					t.Errorf("%s: there %v, in %q", want, there, got)
				}
			}
			if said := server.said.String(); !strings.Contains(said, filepath.Base(file)) || !strings.Contains(said, "offset") {
				t.Errorf("the damage in %s is not named", file)
			}
			c.settled("", hit, "new")
			c.wantDrained(hit, "new")
			server.stop()
		})
	}
}

// flip changes a byte of a body in the segments of the log, and returns the file.
func flip(t testing.TB, dir, body string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "log", "*.seg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(b, []byte(body))
		if at < 0 {
			continue
		}
		b[at] ^= 1
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	t.Fatalf("%q is in none of %d segments", body, len(files))
	return ""
}

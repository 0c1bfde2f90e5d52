package integration

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
)

// A byte of a stored message is flipped. That is found and named, and costs at most the message.
func testDamage(t *testing.T, binary lepus) {
	for name, test := range map[string]func(t *testing.T, binary lepus, dir string){
		"found while running": func(t *testing.T, binary lepus, dir string) {
			wantServed(t, binary, dir, damaged(t, binary, dir, (*process).stop))
		},
		"found while running, accepted": func(t *testing.T, binary lepus, dir string) {
			wantServed(t, binary, dir, damaged(t, binary, dir, (*process).stop), "--accept-log-loss")
		},
		// What was not yet in the index is found by the start, which asks what to do.
		"found by the start": func(t *testing.T, binary lepus, dir string) {
			file := damaged(t, binary, dir, (*process).kill)
			server, _ := binary.launch(t, dir)
			server.wantEnd()
			if said := server.said.String(); server.err == nil || !strings.Contains(said, "--accept-log-loss") {
				t.Errorf("the server ended with %v", server.err)
			}
			wantNamed(t, server, file)
			wantServed(t, binary, dir, file, "--accept-log-loss")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, binary, t.TempDir())
		})
	}
}

// damaged fills two queues, of which one loses a message to damage after the server's end. It returns the damaged file.
func damaged(t testing.TB, binary lepus, dir string, end func(*process)) string {
	t.Helper()
	server := binary.start(t, dir)
	c := connect(t, server.url)
	// A busy server makes no checkpoint so soon.
	startFlood(t, server.url, c.durable("busy"), amqp.Persistent, 16)
	hit, whole := c.durable("hit"), c.durable("whole")
	for i := range 10 {
		// Confirmed one by one, so that they share no record.
		c.settled("", hit, fmt.Sprint("message ", i))
		c.settled("", whole, fmt.Sprint("other ", i))
	}
	end(server)
	return flip(t, dir, "message 5")
}

// wantServed starts the server and checks that it runs, that other queues are served, and so are the other messages of the
// damaged queue.
func wantServed(t testing.TB, binary lepus, dir, file string, flags ...string) {
	t.Helper()
	server := binary.start(t, dir, flags...)
	c := connect(t, server.url)
	var others, messages []string
	for i := range 10 {
		others = append(others, fmt.Sprint("other ", i))
		if i != 5 {
			messages = append(messages, fmt.Sprint("message ", i))
		}
	}
	c.wantDrained("whole", others...)
	c.wantDrained("hit", messages...)
	wantNamed(t, server, file)
	c.settled("", "hit", "new")
	c.wantDrained("hit", "new")
	server.stop()
}

// wantNamed checks that the server has said where the damage is.
func wantNamed(t testing.TB, server *process, file string) {
	t.Helper()
	if said := server.said.String(); !strings.Contains(said, filepath.Base(file)+" at offset ") {
		t.Errorf("the damage in %s is not named", file)
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

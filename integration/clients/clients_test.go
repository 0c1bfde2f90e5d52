package clients

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker/brokertest"
)

// patience is how long one client's program may take.
const patience = 5 * time.Minute

// language is a client library: how to run a script that uses it.
type language struct {
	publisher, worker string   // scripts in this folder
	command           []string // runs one
	env               []string
	probe             []string // a command that fails when something is missing
	missing           string   // what to do then
}

// modules is where Node finds what install.sh has installed.
func modules() string {
	cache := os.Getenv("LEPUS_CLIENTS_CACHE")
	if cache == "" {
		if dir, err := os.UserCacheDir(); err == nil {
			cache = filepath.Join(dir, "lepus-clients")
		}
	}
	return filepath.Join(cache, "node_modules")
}

func languages() map[string]language {
	return map[string]language{
		"pika": {
			publisher: "pika_publish.py", worker: "pika_work.py",
			command: []string{"/usr/bin/python3"},
			probe:   []string{"/usr/bin/python3", "-c", "import pika"},
			missing: "Python's pika is not installed: run integration/clients/install.sh",
		},
		"amqplib": {
			publisher: "amqplib_publish.js", worker: "amqplib_work.js",
			command: []string{"node"},
			env:     []string{"NODE_PATH=" + modules()},
			probe:   []string{"node", "-e", "require('amqplib')"},
			missing: "Node's amqplib is not installed in " + modules() + ": run integration/clients/install.sh",
		},
	}
}

// require skips the test when the language's client is not there.
func (l language) require(t *testing.T) {
	t.Helper()
	cmd := exec.Command(l.probe[0], l.probe[1:]...)
	cmd.Env = append(os.Environ(), l.env...)
	if cmd.Run() != nil {
		t.Skip(l.missing)
	}
}

// run runs a script against a broker and returns what it printed.
func (l language) run(t *testing.T, url, script string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, l.command[0], append(append(l.command[1:], script), args...)...)
	cmd.Env = append(append(os.Environ(), l.env...), "AMQP_URL="+url, "PYTHONIOENCODING=utf-8")
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", script, err, out, problems.String())
	}
	return string(out)
}

// brokerURL is the broker AMQP_URL names, or else one of our own that ends with the test.
func brokerURL(t *testing.T) string {
	t.Helper()
	if url := os.Getenv("AMQP_URL"); url != "" {
		return url
	}
	return brokertest.Start(t).URL
}

// remove deletes a queue at the end of the test.
func remove(t *testing.T, url, queue string) {
	t.Cleanup(func() {
		conn, err := amqp.Dial(url)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		if ch, err := conn.Channel(); err == nil {
			_, _ = ch.QueueDelete(queue, false, false, false)
		}
	})
}

func TestPublisherAndWorker(t *testing.T) {
	t.Parallel()
	for from, publisher := range languages() {
		for to, worker := range languages() {
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				publisher.require(t)
				worker.require(t)
				url, queue := brokerURL(t), fmt.Sprintf("clients.%s.%s.%016x", from, to, rand.Uint64())
				remove(t, url, queue)
				const count = 200
				if out := publisher.run(t, url, publisher.publisher, queue, fmt.Sprint(count)); out != fmt.Sprintf("published %d\n", count) {
					t.Errorf("the publisher printed %q", out)
				}
				lines := strings.Split(strings.TrimSpace(worker.run(t, url, worker.worker, queue, fmt.Sprint(count))), "\n")
				if len(lines) != count {
					t.Fatalf("the worker printed %d lines, want %d", len(lines), count)
				}
				for n, line := range lines {
					want := fmt.Sprintf("%d message %d: grüße", n, n)
					if n == 0 {
						want += " redelivered"
					}
					if strings.TrimSpace(line) != want {
						t.Errorf("line %d is %q, want %q", n, line, want)
					}
				}
			})
		}
	}
}

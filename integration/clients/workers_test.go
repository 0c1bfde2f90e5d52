package clients

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// celery is Celery with its worker.
var celery = language{
	command: []string{"/usr/bin/python3", "-W", "ignore"},
	probe:   []string{"/usr/bin/python3", "-c", "import celery"},
	missing: "Python's celery is not installed: run integration/clients/install.sh",
}

// ruby is Ruby with bunny.
var ruby = language{
	command: []string{"ruby"},
	probe:   []string{"ruby", "-e", "require 'bunny'"},
	missing: "Ruby's bunny is not installed: run integration/clients/install.sh",
}

// prefix makes how the names of a test's queues begin.
func prefix(name string) string { return fmt.Sprintf("workers.%s.%016x", name, rand.Uint64()) }

// TestCelery has a Celery worker retry, wait, rank, revoke and lose tasks, and be asked and told from afar.
func TestCelery(t *testing.T) {
	t.Parallel()
	checks := []string{
		"ping", "inspect", "result", "retry", "countdown", "revoke", "revoked stays undone", "add consumer", "priorities", "cancel consumer",
		"acks late", "rate limit", "purge", "events", "shutdown",
	}
	for _, backend := range []string{"rpc", "file"} {
		t.Run("results by "+backend, func(t *testing.T) {
			t.Parallel()
			celery.require(t)
			url, folder := brokerURL(t), t.TempDir()
			results, want := "rpc://", checks
			if backend == "file" {
				results = "file://" + folder
				want = append([]string{"ping", "inspect", "result", "retry", "chord"}, checks[4:]...)
			}
			l := celery
			l.env = []string{"CELERY_RESULTS=" + results, "CELERY_FOLDER=" + folder, "CELERY_PREFIX=" + prefix("celery")}
			out := l.run(t, url, "celery_check.py")
			if got := strings.Split(strings.TrimSpace(out), "\n"); strings.Join(got, ",") != strings.Join(want, ",") {
				t.Errorf("checked %q, want %q", got, want)
			}
		})
	}
}

// TestNodeRetries has a Node worker put off failed jobs in queues whose messages expire.
func TestNodeRetries(t *testing.T) {
	t.Parallel()
	node := languages()["amqplib"]
	node.require(t)
	if out := node.run(t, brokerURL(t), "amqplib_retry.js", prefix("amqplib")); out != "retried\n" {
		t.Errorf("the worker printed %q", out)
	}
}

// TestRubyWorker has a Ruby worker retry as Sneakers does, answer calls and follow patterns.
func TestRubyWorker(t *testing.T) {
	t.Parallel()
	ruby.require(t)
	if out := ruby.run(t, brokerURL(t), "bunny_work.rb", prefix("bunny")); out != "worked\n" {
		t.Errorf("the worker printed %q", out)
	}
}

package ctl_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/cmd/lepus/ctl"
)

// target returns the environment that leads to the broker under test: a new one,
// or the one whose HTTP API LEPUS_TEST_API names, such as RabbitMQ's.
func target(t *testing.T) map[string]string {
	t.Helper()
	url := os.Getenv("LEPUS_TEST_API")
	if url == "" {
		f := brokertest.Start(t, brokertest.WithManagement)
		url = strings.Replace(f.ManagementURL, "://", "://guest:guest@", 1)
	}
	return map[string]string{"RABBITMQ_NODENAME": "rabbit@localhost", "LEPUS_URL": url}
}

// exchange is a line of a session with what came of it.
type exchange struct {
	line           string
	code           string
	stdout, stderr string
}

// readSession reads what RabbitMQ's own tools did, one line after the other, as
// it was recorded with version 3.10.8.
func readSession(t *testing.T, path string) []exchange {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`(?s)^(.*?)\n--rc (\d+)\n--out\n(.*)--err\n?(.*)$`)
	var all []exchange
	for _, part := range strings.Split("\n"+string(content), "\n=== ")[1:] {
		found := form.FindStringSubmatch(part)
		if found == nil {
			t.Fatalf("%s: cannot read %q", path, part)
		}
		all = append(all, exchange{line: found[1], code: found[2], stdout: found[3], stderr: found[4]})
	}
	return all
}

// toolNamed is the tool of a program.
func toolNamed(t *testing.T, program string) ctl.Tool {
	t.Helper()
	for _, tool := range []ctl.Tool{ctl.Ctl, ctl.Diagnostics, ctl.Plugins, ctl.Queues, ctl.Streams, ctl.Upgrade} {
		if tool.String() == program {
			return tool
		}
	}
	t.Fatalf("no tool %q", program)
	return 0
}

// run runs a line with the program's name.
func run(t *testing.T, env map[string]string, line ...string) exchange {
	t.Helper()
	var out, errOut bytes.Buffer
	code := ctl.Run(context.Background(), toolNamed(t, line[0]), line[1:], ctl.Environment{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errOut, Version: "3.10.8",
		Getenv: func(name string) string { return env[name] },
	})
	return exchange{line: strings.Join(line, " "), code: fmt.Sprint(code), stdout: out.String(), stderr: errOut.String()}
}

// words takes a line apart as a shell does that knows only single quotes.
func words(line string) []string {
	var all []string
	for _, w := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1) {
		all = append(all, strings.Trim(w, "'"))
	}
	return all
}

// comparable is an output without the lines that say how a command is written:
// ours also say what came with later versions.
func comparable(s string) string {
	usage := regexp.MustCompile(`(?m)^rabbitmq[a-z-]* \[--node <node>\].*$`)
	return strings.TrimRight(usage.ReplaceAllString(s, "(usage)"), "\n")
}

// TestSession holds the tools to what RabbitMQ's own said and how they ended.
func TestSession(t *testing.T) {
	env := target(t)
	for _, want := range readSession(t, "testdata/rabbitmq-3.10.8.txt") {
		got := run(t, env, words(want.line)...)
		if got.code != want.code {
			t.Errorf("%s: ended with %s, not %s", want.line, got.code, want.code)
		}
		if g, w := comparable(got.stdout), comparable(want.stdout); g != w {
			t.Errorf("%s: printed\n%s\nnot\n%s", want.line, g, w)
		}
		if g, w := comparable(got.stderr), comparable(want.stderr); g != w {
			t.Errorf("%s: complained\n%s\nnot\n%s", want.line, g, w)
		}
	}
}

package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestBinaryIsWhatItIsCalled(t *testing.T) {
	tests := []struct{ line, want string }{
		{"/usr/bin/rabbitmqctl -q list_users", "ctl -q list_users"},
		{"rabbitmqadmin list queues", "admin list queues"},
		{"rabbitmq-diagnostics.exe ping", "diagnostics ping"},
		{"rabbitmq-plugins list", "plugins list"},
		{"rabbitmq-streams stream_status q", "streams stream_status q"},
		{"rabbitmq-upgrade drain", "upgrade drain"},
		{"rabbitmq-server", "server"},
		{"lepus version", "version"},
		{"whatever version", "version"},
	}
	for _, tt := range tests {
		if got := strings.Join(byName(strings.Fields(tt.line))[1:], " "); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.line, got, tt.want)
		}
	}
}

// A tool reads its flags itself, says itself what is wrong, and its exit code is
// the program's.
func TestToolsEndWithTheirCodes(t *testing.T) {
	tests := []struct {
		args   []string
		code   int
		out    string
		errOut string
	}{
		{[]string{"ctl", "hash_password", "--bogus"}, 64, "", "Invalid options for this command"},
		{[]string{"ctl", "--help"}, 0, "Available commands", ""},
		{[]string{"ctl", "help", "list_queues"}, 0, "must be one of name, messages", ""},
		{[]string{"ctl", "list_quues"}, 64, "", "Did you mean 'list_queues'?"},
		{[]string{"diagnostics", "tls_versions", "-q"}, 0, "tlsv1.3\ntlsv1.2\n", ""},
		{[]string{"plugins", "enable", "none"}, 70, "", "plugins_not_found"},
		{[]string{"ctl", "list_users", "--url", "http://127.0.0.1:1"}, 69, "Listing users", "unable to perform an operation"},
		{[]string{"admin", "-P", "1", "list", "queues"}, 1, "", "Could not connect"},
		{[]string{"admin", "help", "subcommands"}, 0, "declare queue name=...", ""},
	}
	for _, tt := range tests {
		out, errOut, err := runCommand(t, tt.args...)
		code := 0
		var told cli.ExitCoder
		if errors.As(err, &told) {
			code = told.ExitCode()
		} else if err != nil {
			t.Errorf("%q: %v", tt.args, err)
		}
		if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(errOut, tt.errOut) {
			t.Errorf("%q: %d, %q, %q", tt.args, code, out, errOut)
		}
	}
}

func TestCompletion(t *testing.T) {
	tests := []struct{ line, want string }{
		{"lepus vers", "version"},
		{"lepus completion f", "fish"},
		{"lepus ctl list_q", "list_queues"},
		{"rabbitmqctl list_queues messages_una", "messages_unacknowledged messages_unacknowledged_ram"},
		{"rabbitmqadmin declare vhost_", "vhost_limit"},
		{"lepus server --data-d", "--data-dir"},
	}
	for _, tt := range tests {
		out, _, err := runCommand(t, append([]string{"completion", "next", "--"}, strings.Fields(tt.line)...)...)
		if got := strings.Join(strings.Fields(out), " "); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v", tt.line, got, err)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		out, _, err := runCommand(t, "completion", shell)
		if err != nil || !slices.Contains(strings.Fields(out), "rabbitmqctl") {
			t.Errorf("%s: %q, %v", shell, out, err)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// runCommand runs the real command line to its end.
func runCommand(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errOut bytes.Buffer
	err = newApp(&out, &errOut).RunContext(context.Background(), append([]string{"lepus"}, args...))
	return out.String(), errOut.String(), err
}

func TestHelpNamesTheCommands(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"help"}} {
		out, errOut, err := runCommand(t, args...)
		if err != nil || errOut != "" {
			t.Errorf("%q: %v %q", args, err, errOut)
		}
		for _, want := range []string{"server", "version", "USAGE"} {
			if !strings.Contains(out, want) {
				t.Errorf("%q: no %q in\n%s", args, want, out)
			}
		}
	}
}

func TestWrongUse(t *testing.T) {
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"serve"}, `no command "serve", see lepus --help`},
		{[]string{"--port", "1"}, "flag provided but not defined: -port, see lepus --help"},
		{[]string{"server", "--port", "1"}, "flag provided but not defined: -port, see lepus server --help"},
		{[]string{"server", "now"}, `unexpected argument "now", see lepus server --help`},
		{[]string{"version", "now"}, `unexpected argument "now", see lepus version --help`},
		{[]string{"server", "--ephemeral", "--log-level", "loud"}, `--log-level: log.default.level: "loud" is no level of the log: there are debug, info, warning, error, critical and none`},
		{[]string{"server", "--ephemeral", "--log-format", "xml"}, `--log-format: log.console.formatter: "xml" is none of plaintext, console, json`},
		{[]string{"server", "--ephemeral", "--memory-limit", "much"}, `--memory-limit: total_memory_available_override_value: "much" is no amount, write it as 1073741824, 512MiB or 2GB`},
		{[]string{"server", "--ephemeral", "--vm-memory-high-watermark", "1.5"}, `--vm-memory-high-watermark: vm_memory_high_watermark: "1.5" is neither a share from 0 to 1 nor an amount`},
		{[]string{"server", "--data-dir", ""}, "no data folder: name one with --data-dir or do without by --ephemeral"},
	}
	for _, tt := range tests {
		out, errOut, err := runCommand(t, tt.args...)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: got error %v, want %s", tt.args, err, tt.want)
		}
		if out != "" || errOut != "" {
			t.Errorf("%q: printed %q and %q", tt.args, out, errOut)
		}
	}
}

func TestEveryFlagHasItsVariable(t *testing.T) {
	for _, c := range newApp(nil, nil).Commands {
		for _, f := range c.Flags {
			doc, ok := f.(cli.DocGenerationFlag)
			if !ok {
				t.Fatalf("%T is no flag", f)
			}
			name := f.Names()[0]
			if got := doc.GetEnvVars(); len(got) != 1 || got[0] != envVar(name) {
				t.Errorf("--%s of %s is set by %q", name, c.Name, got)
			}
		}
	}
	if got := envVar("data-dir"); got != "LEPUS_DATA_DIR" {
		t.Errorf("--data-dir is set by %s", got)
	}
}

func TestUnknownVariablesAreReported(t *testing.T) {
	t.Setenv("LEPUS_LISTENN", ":1")
	t.Setenv("LEPUS_DATADIR", "/nowhere")
	t.Setenv("LEPUS_LOG_LEVEL", "warn")
	t.Setenv("LEPUS_PORT_5672_TCP", "tcp://10.0.0.1:5672") // Kubernetes
	out, errOut, err := runCommand(t, "version")
	if err != nil || !strings.HasPrefix(out, "lepus ") {
		t.Errorf("%v %q", err, out)
	}
	want := "lepus: warning: no flag is set by the environment variable LEPUS_DATADIR\n" +
		"lepus: warning: no flag is set by the environment variable LEPUS_LISTENN\n"
	if errOut != want {
		t.Errorf("got %q, want %q", errOut, want)
	}
}

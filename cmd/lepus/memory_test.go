package main

import (
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker"
)

// The broker says at its start what came of the flags.
func TestServerLimitsItsMemory(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--memory-limit", "1GiB"}, `{"limit": 1073741824, "high watermark": 644245094}`},
		{[]string{"--memory-limit", "10GB", "--vm-memory-high-watermark", "0.4"}, `{"limit": 10000000000, "high watermark": 4000000000}`},
		{[]string{"--memory-limit", "10GB", "--vm-memory-high-watermark", "2GB"}, `{"limit": 10000000000, "high watermark": 2000000000}`},
	} {
		s := startServer(t, append(tt.args, "--ephemeral", "--listen", "127.0.0.1:0")...)
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		if !strings.Contains(s.stderr.String(), tt.want) {
			t.Errorf("%q: no %s in\n%s", tt.args, tt.want, s.stderr)
		}
	}
}

func TestServerUsesTheMemoryThereIs(t *testing.T) {
	if broker.AvailableMemory() == 0 {
		t.Skip("how much memory there is is not known on this platform")
	}
	s := startServer(t, "--ephemeral", "--listen", "127.0.0.1:0")
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if got := s.stderr.String(); !strings.Contains(got, `"high watermark"`) || strings.Contains(got, `"limit": 0`) {
		t.Errorf("its log is %s", got)
	}
}

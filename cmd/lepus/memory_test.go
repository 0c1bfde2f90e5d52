package main

import (
	"math"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker"
)

func TestAmounts(t *testing.T) {
	for s, want := range map[string]int64{
		"1073741824": 1 << 30, "1": 1,
		"3k": 3 << 10, "3KiB": 3 << 10, "3kib": 3 << 10, "3kB": 3000, "3KB": 3000,
		"512MiB": 512 << 20, "512M": 512 << 20, "512MB": 512e6,
		"2GB": 2e9, "2g": 2 << 30, "2 GiB": 2 << 30,
		"1TB": 1e12, "1TiB": 1 << 40, "1PiB": 1 << 50, "8191PiB": 8191 << 50,
		"9223372036854775807": math.MaxInt64,
	} {
		if got, err := parseBytes(s); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "0", "-1", "-1MB", "1.5GB", "MB", "1B", "1bB", "1KiBB", "1iB", "1kk", "1EB", "1 000", "0x10", "1e3"} {
		if got, err := parseBytes(s); err == nil || !strings.Contains(err.Error(), "no amount") {
			t.Errorf("%q is %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"8192PiB", "9223372036854775808", "9007199254740992K"} {
		if got, err := parseBytes(s); err == nil || !strings.Contains(err.Error(), "too much") {
			t.Errorf("%q is %d, %v", s, got, err)
		}
	}
}

func TestWatermarks(t *testing.T) {
	for _, tt := range []struct {
		s     string
		whole int64
		want  int64
	}{
		{"0.6", 1000, 600},
		{"1", 1000, 1000},
		{"1.0", 1000, 1000},
		{"0", 1000, 1},
		{"0", 0, 1},
		{"0.4", 0, 0},
		{"512MiB", 1000, 512 << 20},
		{"2", 1000, 2},
		{"2GB", 0, 2e9},
	} {
		if got, err := parseWatermark(tt.s, tt.whole); err != nil || got != tt.want {
			t.Errorf("%q of %d is %d, %v; want %d", tt.s, tt.whole, got, err, tt.want)
		}
	}
	for _, s := range []string{"", "1.5", "-0.1", "-1", "half", "NaN", "0.5GB", "60%"} {
		if got, err := parseWatermark(s, 1000); err == nil {
			t.Errorf("%q is %d", s, got)
		}
	}
}

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

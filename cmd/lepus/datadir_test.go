package main

import (
	"path/filepath"
	"testing"
)

func TestDefaultDataDir(t *testing.T) {
	tests := []struct {
		goos string
		env  map[string]string
		want string
	}{
		{"linux", map[string]string{"HOME": "/home/ann"}, "/home/ann/.local/share/lepus"},
		{"linux", map[string]string{"HOME": "/home/ann", "XDG_DATA_HOME": "/data"}, "/data/lepus"},
		{"linux", nil, "/var/lib/lepus"},
		{"freebsd", map[string]string{"HOME": "/home/ann"}, "/home/ann/.local/share/lepus"},
		{"darwin", map[string]string{"HOME": "/Users/ann"}, "/Users/ann/Library/Application Support/lepus"},
		{"windows", map[string]string{"LocalAppData": "/ann/local"}, "/ann/local/lepus"},
	}
	for _, tt := range tests {
		got := defaultDataDir(tt.goos, func(name string) string { return tt.env[name] })
		if got != filepath.FromSlash(tt.want) {
			t.Errorf("%s with %v: %s, want %s", tt.goos, tt.env, got, tt.want)
		}
	}
}

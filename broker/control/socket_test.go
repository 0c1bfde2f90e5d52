package control

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// deep returns a folder whose name is too long for a socket in it.
func deep(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep", 20), strings.Repeat("deeper", 20))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSocketIsItsOwnersAlone(t *testing.T) {
	for _, dir := range []string{t.TempDir(), deep(t)} {
		path := Socket(dir)
		l, err := Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != os.ModeSocket|0o600 {
			t.Errorf("its mode is %v", info.Mode())
		}
		if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "another process listens there") {
			t.Errorf("a second one is refused with %v", err)
		}
		conn, err := Dial(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("it leaves %v, %v", left, err)
		}
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	path := Socket(t.TempDir())
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

package session

import (
	"net"
	"path/filepath"
	"testing"
)

// TestReadAfterIdle has the peer send while idle runs. What it sent is read,
// and after a long idle it is known that nobody waited for it.
func TestReadAfterIdle(t *testing.T) {
	if !canTry {
		t.Skip("no reads that do not wait")
	}
	for _, long := range []bool{false, true} {
		ours, theirs := socketPair(t)
		s := newSocket(ours)
		buf := make([]byte, 16)
		n, err := s.read(buf, func() bool {
			if _, err := theirs.Write([]byte("hop")); err != nil {
				t.Error(err)
			}
			return long
		})
		if err != nil || string(buf[:n]) != "hop" {
			t.Errorf("long idle %v: read %q, %v", long, buf[:n], err)
		}
		if s.rd.waited == long {
			t.Errorf("long idle %v: waited %v", long, s.rd.waited)
		}
	}
}

// socketPair returns the ends of a connection that delivers at once.
func socketPair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	theirs, err = net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ours, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

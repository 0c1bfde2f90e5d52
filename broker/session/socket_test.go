package session

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

// TestReadAfterIdle has the peer send while idle runs, or because of the answer
// that idle left to be sent later. Only in the second case has it waited.
func TestReadAfterIdle(t *testing.T) {
	if !canTry {
		t.Skip("no reads that do not wait")
	}
	for name, test := range map[string]struct {
		before  bool // something was read before, so that idle comes before any look
		answers bool // idle leaves an answer
		early   bool // the peer sends before it
		waited  bool
	}{
		"short":                   {answers: false, early: true, waited: true},
		"long, and more has come": {answers: true, early: true, waited: false},
		"long, the peer waits":    {answers: true, early: false, waited: true},

		"before a look, more has come":       {before: true, early: true, waited: false},
		"before a look, long, more has come": {before: true, answers: true, early: true, waited: false},
		"before a look, long, a peer waits":  {before: true, answers: true, early: false, waited: true},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := socketPair(t)
			s := newSocket(ours, nil)
			hop := func() {
				if _, err := theirs.Write([]byte("hop")); err != nil {
					t.Error(err)
				}
			}
			answered := 0
			answer := func() {
				answered++
				if !test.early {
					hop()
				}
			}
			buf := make([]byte, 16)
			if test.before {
				hop()
				if _, err := s.read(buf, func() func() { t.Error("idle though there is something to read"); return nil }); err != nil {
					t.Fatal(err)
				}
				s.rd.steady = false
			}
			n, err := s.read(buf, func() (then func()) {
				if test.early {
					hop()
				}
				if test.answers {
					return answer
				}
				return nil
			})
			if err != nil || string(buf[:n]) != "hop" {
				t.Errorf("read %q, %v", buf[:n], err)
			}
			if s.rd.waited != test.waited {
				t.Errorf("the peer has waited: %v", s.rd.waited)
			}
			if answered > 1 || test.answers != (answered == 1) {
				t.Errorf("answered %d times", answered)
			}
		})
	}
}

// TestReadAfterIdleBlocking checks that the answer that idle left is sent where
// nobody can look without waiting: with TLS.
func TestReadAfterIdleBlocking(t *testing.T) {
	ours, theirs := socketPair(t)
	s := &socket{conn: ours}
	buf := make([]byte, 16)
	n, err := s.read(buf, func() (then func()) {
		return func() {
			if _, err := theirs.Write([]byte("hop")); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil || string(buf[:n]) != "hop" {
		t.Errorf("read %q, %v", buf[:n], err)
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
	if err := ours.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

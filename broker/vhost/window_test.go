package vhost

import (
	"bytes"
	"testing"

	"github.com/lepusmq/lepus/queue"
)

// FuzzMark reads any bytes as a key that was kept; what is one becomes the same
// bytes again.
func FuzzMark(f *testing.F) {
	m := mark{key: queue.Digest{1, 2, 3}, expires: 1 << 40}
	f.Add(m.encode())
	f.Add(m.encode()[1:])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var m mark
		if ok := m.decode(b); ok != (len(b) == 24) || ok && !bytes.Equal(m.encode(), b) {
			t.Errorf("%x: %v, %x", b, ok, m.encode())
		}
	})
}

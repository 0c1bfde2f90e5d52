package store

import (
	"testing"

	"github.com/lepusmq/lepus/store/vfs"
)

// A volatile store syncs nothing, so that a power cut leaves any part of its folder. It opens on all of them.
func TestVolatileOpensAfterPowerCut(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		fs := vfs.NewFake(seed)
		open := func() {
			v := NewVolatile(Options{Dir: fakeDir + "/overflow", FS: fs, SegmentSize: 16 << 10})
			if err := v.Clear(); err != nil {
				t.Fatalf("seed %d: clear: %v", seed, err)
			}
			s, err := v.Open()
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			var slab Slab
			define(t, s, 1).Append([]Enqueue{{Seq: 1, Message: message(&slab, 1, 100)}})
			fs.Crash()
			_ = v.Close()
			fs.PowerCut(vfs.LoseSome)
		}
		open()
		open()
	}
}

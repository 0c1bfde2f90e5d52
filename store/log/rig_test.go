package log_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/lepusmq/lepus/store/log"
	"github.com/lepusmq/lepus/store/vfs"
)

const dir = "/data/log"

// entry is a record as it was appended.
type entry struct {
	pos  log.Position
	kind log.Kind
	body []byte
}

// rig drives a log on a fake file system and knows what it must give back.
type rig struct {
	t   testing.TB
	fs  *vfs.Fake
	opt log.Options
	l   *log.Log
	n   uint32 // number of the next record

	from    log.Position // where replay begins
	all     []entry      // what may come back, in order
	written int          // so many of them must survive a kill
	synced  int          // so many of them must survive a power cut
}

func newRig(t testing.TB, seed uint64) *rig {
	r := &rig{t: t, fs: vfs.NewFake(seed)}
	r.opt = log.Options{FS: r.fs, Dir: dir, SegmentSize: 16 << 10, Reserve: 1, Pool: 2}
	t.Cleanup(func() {
		if r.l != nil {
			r.l.Close()
		}
	})
	return r
}

// body returns the payload of a record, which nothing else has.
func body(n uint32, size int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, n)
	for len(b) < size {
		b = append(b, byte(n), byte(len(b)))
	}
	return b
}

// replay opens the log and compares what it gives back.
func (r *rig) replay(known log.Position, must int) error {
	r.t.Helper()
	var err error
	if r.l, err = log.Open(r.opt); err != nil {
		return err
	}
	var got []entry
	err = r.l.Replay(r.from, known, func(rec log.Record) error {
		got = append(got, entry{rec.Position, rec.Kind, bytes.Clone(rec.Payload)})
		return nil
	})
	if err != nil {
		return err
	}
	if len(got) < must {
		r.t.Fatalf("%d records came back, %d were safe", len(got), must)
	}
	if len(got) > len(r.all) {
		r.t.Fatalf("%d records came back, only %d were appended", len(got), len(r.all))
	}
	for i, e := range got {
		want := r.all[i]
		if e.pos != want.pos || e.kind != want.kind || !bytes.Equal(e.body, want.body) {
			r.t.Fatalf("record %d came back from position %d, it was appended at %d", i, e.pos, want.pos)
		}
	}
	r.all = r.all[:len(got)]
	return nil
}

// start is replay and Start.
func (r *rig) start(known log.Position, must int) error {
	r.t.Helper()
	if err := r.replay(known, must); err != nil {
		return err
	}
	if err := r.l.Start(); err != nil {
		return err
	}
	if r.l.Synced() != r.l.End() {
		r.t.Fatalf("synced to %d after Start, end %d", r.l.Synced(), r.l.End())
	}
	r.written, r.synced = len(r.all), len(r.all)
	return nil
}

// mustStart is start where nothing may go wrong.
func (r *rig) mustStart(known log.Position, must int) {
	r.t.Helper()
	if err := r.start(known, must); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) append(size int) error {
	r.n++
	e := entry{kind: log.Kind(r.n), body: body(r.n, size)}
	var err error
	if e.pos, err = r.l.Append(e.kind, e.body[:2], e.body[2:]); err != nil {
		return err
	}
	if n := len(r.all); n > 0 && e.pos <= r.all[n-1].pos {
		r.t.Fatalf("position %d was given after %d", e.pos, r.all[n-1].pos)
	}
	// Rotation syncs what came before; whoever crashes may find it or not.
	r.all = append(r.all, e)
	return nil
}

func (r *rig) write() error {
	err := r.l.Write()
	if err == nil {
		r.written = len(r.all)
	}
	return err
}

func (r *rig) sync() error {
	pos, err := r.l.Sync()
	if err == nil {
		if pos != r.l.End() || pos != r.l.Synced() {
			r.t.Fatalf("synced to %d, end %d, Synced %d", pos, r.l.End(), r.l.Synced())
		}
		r.written, r.synced = len(r.all), len(r.all)
	}
	return err
}

// forget lets replay begin after the first n records, and recycles what lies
// before.
func (r *rig) forget(n int) error {
	switch {
	case n == 0:
	case n < len(r.all):
		r.from = r.all[n].pos
	default:
		r.from = r.l.Synced()
	}
	r.all = r.all[n:]
	r.written, r.synced = r.written-n, r.synced-n
	for _, s := range r.l.Segments() {
		if s.Limit <= r.from {
			if err := r.l.Recycle(s.Seq); err != nil && !errors.Is(err, log.ErrInUse) {
				return err
			}
		}
	}
	return nil
}

// random does one random thing.
func (r *rig) random(rng *rand.Rand) error {
	switch rng.IntN(10) {
	case 0, 1:
		return r.sync()
	case 2:
		return r.write()
	case 3:
		if rng.IntN(3) == 0 {
			return r.forget(rng.IntN(r.synced + 1))
		}
		return nil
	case 4:
		return r.append(4 + rng.IntN(r.l.MaxPayload()-4))
	default:
		return r.append(4 + rng.IntN(1200))
	}
}

// crash ends the process by a kill (0), or a power cut that takes all (1) or
// some (2 and above) of what was not synced. It returns how many records must
// come back.
func (r *rig) crash(how int) int {
	r.fs.Crash()
	if r.l != nil {
		r.l.Close()
	}
	r.l = nil
	switch how {
	case 0:
		r.fs.Kill()
		return r.written
	case 1:
		r.fs.PowerCut(vfs.LoseAll)
	default:
		r.fs.PowerCut(vfs.LoseSome)
	}
	r.written = r.synced
	return r.synced
}

// failed says whether an error is what a crash leads to.
func failed(err error) bool { return errors.Is(err, vfs.ErrCrash) }

func (e entry) String() string { return fmt.Sprintf("%d at %d", len(e.body), e.pos) }

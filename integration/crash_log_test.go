package integration

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// logView is what the files of a server's log say from outside, by the formats in the DESIGN.md of store and store/log.
// The server may be running.
type logView struct {
	epoch    uint32          // the latest: each start has one
	segments map[uint64]bool // the numbers of those that the files are or were
	end      uint64          // the position behind the last record
	moves    int             // records of the latest epoch by which messages left segments that are cleaned
	moved    int64           // their bytes
	lastMove uint64          // the position behind the last of them
}

// viewLog reads the log in a server's data folder.
func viewLog(t testing.TB, dir string) *logView {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "log", "*.seg"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no log in %s: %v", dir, err)
	}
	v := &logView{segments: map[uint64]bool{}}
	for _, name := range files {
		file, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		v.add(file)
		_ = file.Close()
	}
	return v
}

// recordMove is the kind of a record that moves messages.
const recordMove = 2

// add reads a segment file.
func (v *logView) add(file *os.File) {
	const headers, recordHeader = 8192, 28
	var h [88]byte
	if _, err := file.ReadAt(h[:], 0); err != nil || string(h[8:16]) != "LEPUSLOG" {
		return // not used yet
	}
	le := binary.LittleEndian
	start, epoch := le.Uint64(h[48:]), le.Uint32(h[40:])
	v.segments[le.Uint64(h[32:])] = true
	if epoch > v.epoch {
		v.epoch, v.moves, v.moved, v.lastMove = epoch, 0, 0, 0
	}
	for at := int64(headers); ; {
		var r [recordHeader]byte
		_, err := file.ReadAt(r[:], at)
		pos := start + uint64(at-headers)
		if err != nil || string(r[4:6]) != "LR" || le.Uint64(r[8:]) != pos || le.Uint32(r[16:]) != epoch {
			return
		}
		size := (recordHeader + int64(le.Uint32(r[20:])) + 3) &^ 3
		at += size
		end := pos + uint64(size)
		v.end = max(v.end, end)
		if epoch == v.epoch && r[7]&0x7f == recordMove {
			v.moves++
			v.moved += size
			v.lastMove = max(v.lastMove, end)
		}
	}
}

// givenBack is how many segments of an earlier view have been given back and used again since, at least.
func (v *logView) givenBack(earlier *logView) (n int) {
	for seq := range earlier.segments {
		if !v.segments[seq] {
			n++
		}
	}
	return n
}

// amid says whether the log ends while messages are being moved.
func (v *logView) amid() bool { return v.moves > 0 && v.end-v.lastMove < 2<<20 }

// cleanings says how often a server was cleaning its log when it crashed.
type cleanings struct {
	t      testing.TB
	dir    string
	last   *logView
	rounds int
	since  int // crashes of servers that had moved messages since their start
	amid   int // crashes while they were moved
}

// await waits until messages are moved, but not for long.
func (c *cleanings) await() {
	c.t.Helper()
	before, late := viewLog(c.t, c.dir), time.After(5*time.Second)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for viewLog(c.t, c.dir).moves == before.moves {
		select {
		case <-again.C:
		case <-late:
			return
		}
	}
}

// note looks at what a crash has left.
func (c *cleanings) note() {
	c.t.Helper()
	v := viewLog(c.t, c.dir)
	c.rounds++
	back, when := 0, "never"
	if c.last != nil {
		back = v.givenBack(c.last)
	}
	if v.moves > 0 {
		c.since++
		when = fmt.Sprintf("%d KiB before the end", (v.end-v.lastMove)>>10)
	}
	if v.amid() {
		c.amid++
	}
	c.last = v
	c.t.Logf("log of %d MiB in %d segments, %d were given back; cleaning moved %d MiB, the last %s",
		v.end>>20, len(v.segments), back, v.moved>>20, when)
}

// verdict fails the test if too few crashes of many have hit a server that was cleaning.
func (c *cleanings) verdict() {
	c.t.Helper()
	c.t.Logf("%d crashes, %d of servers that had cleaned their log since their start, %d in the midst of it", c.rounds, c.since, c.amid)
	if c.rounds >= 10 && (c.since < c.rounds/2 || c.amid < c.rounds/10) {
		c.t.Error("that is too few")
	}
}

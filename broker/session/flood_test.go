package session

import (
	"bytes"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// watched is a floodWatch with what it is shown.
type watched struct {
	floodWatch
	all received
	now time.Time
}

// read shows it as many reads as it looks at together, and returns what it reports.
func (w *watched) read(bytes, frames uint64, took time.Duration) (flood, pause bool) {
	w.all.reads += floodReads
	w.all.bytes += floodReads * bytes
	w.all.frames += floodReads * frames
	w.now = w.now.Add(took)
	return w.look(w.all, w.now)
}

// enough is how long so many reads take at most if they are a flood.
const enough = floodReads * time.Second / floodRate

func TestFloodIsManySmallReads(t *testing.T) {
	for name, c := range map[string]struct {
		took          time.Duration
		bytes, frames uint64 // a read
		want          bool
	}{
		"one by one, fast":         {enough, 444, 18, true},
		"one by one, in time":      {enough + 1, 444, 18, false},
		"one at a time":            {enough / 10, 74, 3, false},
		"with acks":                {enough, 105, floodFrames, true},
		"small parts of many":      {enough, floodBytes, 400, true},
		"gathered":                 {enough, floodBytes + 1, 400, false},
		"large messages, in parts": {enough, floodBytes, 1, false},
	} {
		w := watched{now: time.Now()}
		if flood, pause := w.look(w.all, w.now); flood || pause {
			t.Errorf("%s: seen at the first look", name)
		}
		for range 2 {
			if flood, _ := w.read(c.bytes, c.frames, c.took); flood != c.want {
				t.Errorf("%s: %v", name, flood)
			}
		}
	}
}

// TestPausesThatPay checks that there is one at each look at a flood as long as the
// peer writes as much for them, or more, and else ever fewer.
func TestPausesThatPay(t *testing.T) {
	w := watched{now: time.Now()}
	want := func(what string, bytes uint64, want bool) {
		t.Helper()
		if flood, pause := w.read(bytes, 18, enough/2); !flood || pause != want {
			t.Fatalf("%s: a flood: %v, pause: %v", what, flood, pause)
		}
	}
	w.look(w.all, w.now)
	want("the first", 400, true)
	want("after one that has paid", 500, true)
	want("after one that has cost nothing", 500, true)
	for skips := 1; skips < 4*maxFloodReluctance; skips = 2*skips + 1 {
		for i := range min(skips, maxFloodReluctance) {
			want("after one that has not paid", 400-uint64(min(i, 1)), false)
		}
		want("the next", 500, true)
	}
	want("after one that has paid again", 500, true)

	// What follows a pause need not be a flood to have been worth it, or not.
	if flood, pause := w.read(floodBytes+1, 400, enough); flood || pause {
		t.Error("what is gathered is a flood")
	}
	want("after much was gathered", 400, true)
	if flood, pause := w.read(1, 0, time.Minute); flood || pause {
		t.Error("hardly anything is a flood")
	}
	want("after hardly anything", 400, false)
	want("the next", 400, true)
}

// TestPauseIsOfTheReaderOnly checks that what was put off is done before, and that
// the end of the session ends it.
func TestPauseIsOfTheReaderOnly(t *testing.T) {
	r := newRoute(t)
	r.s.closed = make(chan struct{})
	r.s.out.sock = r.s.sock
	for _, f := range r.frames {
		r.s.channelFrame(f)
	}
	if len(r.s.stage.batch) != 1 {
		t.Fatal("the message is not staged")
	}
	close(r.s.closed)
	r.s.pause(time.Hour)
	if len(r.s.stage.batch) != 0 {
		t.Error("the message was not handed on before the pause")
	}
	if r.s.waiting.Load() {
		t.Error("the reader waits")
	}
}

// heartbeats is a connection on which a few of them come with each read, and the end
// after so many.
type heartbeats struct {
	net.Conn
	reads int
	at    []time.Time // of each read
}

func (c *heartbeats) Read(p []byte) (int, error) {
	if len(c.at) == c.reads {
		return 0, io.EOF
	}
	c.at = append(c.at, time.Now())
	return copy(p, bytes.Repeat([]byte{8, 0, 0, 0, 0, 0, 0, 0xCE}, floodFrames)), nil
}

// TestReaderPauses has reads that take no time: the clock goes on while the reader
// pauses.
func TestReaderPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newRoute(t).s
		c := &heartbeats{Conn: s.sock.conn, reads: 3 * floodReads}
		s.closed, s.sock = make(chan struct{}), newSocket(c, nil)
		s.sock.raw, s.out.sock = nil, s.sock
		if err := s.read(); err != io.EOF {
			t.Fatal(err)
		}
		for i, at := range c.at {
			// There is nothing to compare the first with.
			want := time.Duration(0)
			if i >= 2*floodReads {
				want = floodPause
			}
			if took := at.Sub(c.at[0]); took != want {
				t.Fatalf("read %d after %v, want %v", i+1, took, want)
			}
		}
	})
}

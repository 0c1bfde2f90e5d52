package session

import (
	"io"
	"net"
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

func TestLimitsOfMemory(t *testing.T) {
	for memory, want := range map[int64]int64{
		0:       maxOutgoing,
		1 << 40: maxOutgoing,
		1 << 26: 1 << 26 / outgoingShare,
	} {
		if l := NewLimits(memory); l.outgoing.limit != want {
			t.Errorf("%d: %d may wait, want %d", memory, l.outgoing.limit, want)
		}
	}
}

// TestPeersShareMemory has many peers that do not read: the more waits for the
// others, the less may for one. When they read, or have gone, nothing is counted.
func TestPeersShareMemory(t *testing.T) {
	const (
		peers = 40
		limit = 4 << 20
		size  = 10 << 10
	)
	shared := &outgoing{limit: limit}
	type peer struct {
		*outbox
		theirs net.Conn
		end    func()
	}
	all := make([]peer, peers)
	total, least := 0, limit
	for i := range all {
		ours, theirs := tcpPair(t)
		o, workers := newTestOutbox(ours)
		o.shared = shared
		all[i] = peer{o, theirs, workers.Wait}
		body := make([]byte, size)
		for full := false; !full; {
			buf, _ := o.begin()
			full = o.commit(o.turn(amqp.AppendBody(buf, 1, body, 0)))
		}
		// Some of it may have gone to the socket since.
		n := o.waiting()
		if i == 0 && n < highWater/2 {
			t.Errorf("only %d KiB wait for the first", n>>10)
		}
		total, least = total+n, min(least, n)
	}
	if most := limit + peers*(leastWaiting+size+outgoingStep); total > most {
		t.Errorf("%d KiB wait for all, want at most %d", total>>10, most>>10)
	}
	if least > 2*leastWaiting {
		t.Errorf("the least that waits for one is %d KiB", least>>10)
	}
	// And of one that no writer may be started for any more.
	ours, _ := tcpPair(t)
	idle, _ := newTestOutbox(ours)
	idle.shared, idle.start = shared, func(func()) bool { return false }
	buf, _ := idle.begin()
	idle.commit(append(buf, make([]byte, 2*outgoingStep)...))
	idle.finish()
	for i, p := range all {
		if i%2 == 0 {
			_ = p.theirs.Close()
		} else {
			go func() { _, _ = io.Copy(io.Discard, p.theirs) }()
		}
		p.finish()
		p.end()
	}
	if n := shared.waiting.Load(); n != 0 {
		t.Errorf("%d bytes are still counted", n)
	}
}

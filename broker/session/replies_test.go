package session

import (
	"io"
	"net"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lepusmq/lepus/queue"
)

// A requester that does not read gets so many replies and no more, which is logged; when it has read them, it gets others.
func TestRepliesToOneWhoDoesNotRead(t *testing.T) {
	ours, theirs := net.Pipe()
	o, workers := newTestOutbox(ours)
	logged, seen := observer.New(zap.WarnLevel)
	ch := &channel{s: &Session{out: o, frameMax: 128 << 10, cfg: &Config{Log: zap.New(logged)}}, id: 1}
	r := &requester{ch: ch, consumer: consumer{tag: "t", start: deliverStart("t")}}
	ch.requester = r
	var slab queue.Slab
	m := slab.Add([]byte{0, 0}, []byte{0, 0}, make([]byte, 1<<20))
	const answers = 60
	for range answers {
		r.Reply(&m)
		r.Flush()
	}
	if n := o.waiting(); n > maxReplies+2<<20 {
		t.Errorf("%d bytes wait", n)
	}
	if n := seen.Len(); n != 1 {
		t.Errorf("%d warnings were logged, want 1", n)
	}
	if ch.tag >= answers || ch.tag < maxReplies>>20 {
		t.Errorf("%d replies were taken", ch.tag)
	}
	taken := ch.tag
	workers.Go(func() { _, _ = io.Copy(io.Discard, theirs) })
	if room := o.crowded(); room != nil {
		<-room
	}
	if r.Reply(&m); ch.tag != taken+1 {
		t.Error("a reply is dropped in spite of the room")
	}
	o.finish()
	_ = ours.Close()
	_ = theirs.Close()
	workers.Wait()

	// To a consumer that has been cancelled comes nothing.
	ch.requester = nil
	taken = ch.tag
	r.Reply(&m)
	if ch.tag != taken {
		t.Error("a reply came after the cancel")
	}
}

package integration

import (
	"testing"
	"time"
)

// openWithHeartbeat makes a connection with channel 1 open and this heartbeat, in seconds.
func openWithHeartbeat(t *testing.T, seconds uint16) *peer {
	t.Helper()
	p := newPeer(t)
	p.login(clientCapabilities)
	p.send(methodFrame(0, connectionTuneOk, p.tune.channelMax, p.tune.frameMax, seconds))
	p.openVhost("/")
	p.openChannel(1)
	return p
}

// heartbeat waits for a heartbeat of the broker.
func (p *peer) heartbeat() {
	p.t.Helper()
	if f, err := p.read(); err != nil || f.kind != frameHeartbeat || f.channel != 0 || len(f.payload) != 0 {
		p.t.Fatalf("got %v, %v, want a heartbeat", f, err)
	}
}

// A client that says nothing for two heartbeats is hung up on, without a close; the broker's own heartbeats come until then.
func TestSilentClient(t *testing.T) {
	t.Parallel()
	start := time.Now()
	p := openWithHeartbeat(t, 1)
	p.heartbeat()
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the first heartbeat came after %v", took)
	}
	p.expectEnd()
	if took := time.Since(start); took < 2*time.Second || took > 8*time.Second {
		t.Errorf("hung up after %v, want 2 to 3 heartbeats of a second", took)
	}
}

// Any bytes keep a connection: heartbeats, or a frame that comes octet by octet.
func TestLivelyClient(t *testing.T) {
	t.Parallel()
	slow := methodFrame(1, basicCancel, "a tag of some length", bits{true})
	for name, next := range map[string]func(i int) []byte{
		"heartbeats": func(int) []byte { return frame(frameHeartbeat, 0, nil) },
		"octets":     func(i int) []byte { return slow[i : i+1] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := openWithHeartbeat(t, 1)
			for i := range 10 { // the broker's heartbeats, half a second to a second apart, are the clock
				p.heartbeat()
				p.send(next(i))
			}
		})
	}
}

package integration

import (
	"testing"
	"time"
)

// openWithHeartbeat makes a connection with channel 1 open and this heartbeat, in seconds. An error says that the broker has
// hung up.
func openWithHeartbeat(t *testing.T, seconds int) (*peer, error) {
	t.Helper()
	p := newPeer(t)
	p.login(clientCapabilities)
	err := p.write(methodFrame(0, connectionTuneOk, p.tune.channelMax, p.tune.frameMax, uint16(seconds)),
		methodFrame(0, connectionOpen, "/", "", bits{false}), methodFrame(1, channelOpen, ""))
	for opened := false; err == nil && !opened; {
		var f received
		f, err = p.read()
		opened = f.method() == channelOpenOk
	}
	return p, err
}

// heartbeat waits for a heartbeat of the broker.
func (p *peer) heartbeat() error {
	f, err := p.read()
	if err == nil && (f.kind != frameHeartbeat || f.channel != 0 || len(f.payload) != 0) {
		p.t.Fatalf("got %v, want a heartbeat", f)
	}
	return err
}

// A client that says nothing for two heartbeats is hung up on, without a close; the broker's own heartbeats come until then.
func TestSilentClient(t *testing.T) {
	t.Parallel()
	inTime(t, 1000, func(ms int) bool {
		start := time.Now()
		p, err := openWithHeartbeat(t, ms/1000)
		if err == nil {
			err = p.heartbeat()
		}
		if err != nil && late(start, 2*ms) {
			return false
		}
		p.must(err)
		p.expectEnd()
		if !late(start, 2*ms) {
			t.Errorf("hung up after %v, want 2 to 3 heartbeats of %d ms", time.Since(start), ms)
		}
		return true
	})
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
			inTime(t, 1000, func(ms int) bool {
				before, last := time.Now(), time.Now() // the two last times that it sent, of which the broker may have seen the first only
				p, err := openWithHeartbeat(t, ms/1000)
				for i := 0; err == nil && i < 10; i++ { // the broker's heartbeats, half of one to one apart, are the clock
					if err = p.heartbeat(); err == nil {
						before, last = last, time.Now()
						err = p.write(next(i))
					}
				}
				if err != nil && late(before, 2*ms) {
					return false
				}
				p.must(err)
				return true
			})
		})
	}
}

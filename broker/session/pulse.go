package session

import (
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// pulse is the heartbeat: a frame goes out when nothing else did for half the
// agreed time, and a peer that was silent for two whole ones is given up. It
// looks four times in that time, so that the frame is never late: some clients
// give up after exactly the agreed time.
type pulse struct {
	// heard says that something came since it was last cleared.
	heard atomic.Bool

	mu       sync.Mutex
	interval time.Duration // 0: no heartbeats
	timer    *time.Timer
	ticks    int
	beat     bool // the last tick sent a frame
	silent   int  // whole intervals without a byte
}

// looks is how often in an interval the pulse looks at what was sent.
const looks = 4

// begin starts the heartbeat.
func (p *pulse) begin(s *Session, interval time.Duration) {
	if interval == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.interval = interval
	p.timer = time.AfterFunc(interval/looks, func() { p.tick(s) })
}

func (p *pulse) every() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.interval
}

func (p *pulse) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

func (p *pulse) tick(s *Session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil {
		return
	}
	p.beat = !p.beat && s.out.beat()
	p.ticks++
	if p.ticks%looks == 0 {
		p.listen(s)
	}
	p.timer.Reset(p.interval / looks)
}

// listen counts silence. A peer that is kept waiting here cannot be heard.
func (p *pulse) listen(s *Session) {
	if p.heard.Swap(false) || s.waiting.Load() {
		p.silent = 0
		return
	}
	p.silent++
	if p.silent >= 2 {
		s.log.Warn("missed heartbeats from client, closing its connection; if that happens to many, their machines or the network are overloaded",
			zap.Duration("timeout", p.interval))
		s.sock.interrupt()
	}
}

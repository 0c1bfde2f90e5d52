package log

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lepusmq/lepus/store/vfs"
)

const (
	// Zeroing goes in small steps with pauses, and ends when the file is
	// needed: it makes syncs cheaper while little is written, and costs too
	// much when a segment is filled in a second.
	zeroStep  = 1 << 20
	zeroPause = 10 * time.Millisecond

	// A file is cut short in steps before it is removed, since giving back
	// much at once can hold up everybody's syncs for a tenth of a second.
	cutStep  = 4 << 20
	cutPause = 20 * time.Millisecond

	// retryPause is the time between attempts to make a file.
	retryPause = time.Second
)

// spare is a file that is no segment.
type spare struct {
	name, path string
	file       vfs.File
	size       int64
	// written says how many bytes, from the start, have been on disk before;
	// a sync of what lies there has no new blocks to account for.
	written int64
}

// pool keeps free segment files ready. A goroutine of its own, the keeper,
// makes, zeroes and removes them.
type pool struct {
	// Immutable.
	opt  Options
	kick chan struct{} // wakes the keeper; holds one
	done chan struct{} // closed when the keeper has ended

	mu   sync.Mutex
	cond sync.Cond // of mu: free or err has changed, or the pool was stopped

	// Guarded by mu.
	free    []*spare
	dying   *spare // is being removed
	serial  uint64 // the highest number that a file has in its name
	wanted  bool   // the appender waits
	near    bool   // the next file will be needed soon
	err     error  // of the last attempt to make a file
	running bool
	stopped bool
}

func newPool(opt Options) *pool {
	p := &pool{opt: opt, kick: make(chan struct{}, 1), done: make(chan struct{})}
	p.cond.L = &p.mu
	return p
}

// adopt takes in a file found at Open.
func (p *pool) adopt(f *spare) {
	n, err := strconv.ParseUint(strings.TrimSuffix(f.name, suffix), 10, 64)
	if err == nil {
		p.serial = max(p.serial, n)
	}
	p.free = append(p.free, f)
}

// disown gives out a file that adopt took in.
func (p *pool) disown(f *spare) { p.free = slices.DeleteFunc(p.free, func(g *spare) bool { return g == f }) }

// start starts the keeper.
func (p *pool) start() {
	p.running = true
	go p.keep()
}

// stop ends the keeper and waits for it.
func (p *pool) stop() {
	p.mu.Lock()
	p.stopped = true
	running := p.running
	p.mu.Unlock()
	p.cond.Broadcast()
	p.wake()
	if running {
		<-p.done
	}
}

func (p *pool) closeFiles() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dying != nil {
		p.free = append(p.free, p.dying)
	}
	var err error
	for _, f := range p.free {
		if cerr := f.file.Close(); err == nil {
			err = cerr
		}
	}
	p.free, p.dying = nil, nil
	return err
}

func (p *pool) wake() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// put takes back the file of a segment that nobody reads any more.
func (p *pool) put(s *segment) {
	p.mu.Lock()
	p.free = append(p.free, &spare{
		name: s.name, path: filepath.Join(p.opt.Dir, s.name), file: s.file, size: s.size, written: s.size,
	})
	p.mu.Unlock()
	p.cond.Broadcast()
	p.wake()
}

// soon says that a file will be needed before long.
func (p *pool) soon() {
	p.mu.Lock()
	was := p.near
	p.near = true
	p.mu.Unlock()
	if !was {
		p.wake()
	}
}

// take returns a file to begin a segment in, the most written one. It waits
// for the keeper if there is none, and fails if the keeper cannot make one.
func (p *pool) take() (*spare, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = nil
	for {
		if i := p.best(p.opt.SegmentSize); i >= 0 {
			f := p.free[i]
			p.free = slices.Delete(p.free, i, i+1)
			p.wanted, p.near = false, false
			p.wake()
			return f, nil
		}
		if p.stopped {
			return nil, ErrClosed
		}
		if p.wanted && p.err != nil {
			return nil, p.err
		}
		p.wanted = true
		p.wake()
		p.cond.Wait()
	}
}

// best returns the index of the file of which most was written.
func (p *pool) best() int {
	best := -1
	for i, f := range p.free {
		if f.size == p.opt.SegmentSize && (best < 0 || f.written > p.free[best].written) {
			best = i
		}
	}
	return best
}

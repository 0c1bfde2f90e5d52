package log

import (
	"slices"
	"sync"

	"github.com/lepusmq/lepus/store/vfs"
)

// spare is a segment file, whether it is in use or not. It is immutable: what
// changes it makes a new one.
type spare struct {
	name, path string
	file       vfs.File
	size       int64
	// zeroed says how many bytes, from the start, have been written before: a
	// sync of what lies there has no new blocks to account for.
	zeroed int64
}

// pool keeps free segment files ready. A goroutine of its own, the keeper,
// makes, zeroes and removes them.
type pool struct {
	// Immutable.
	opt  Options
	kick chan struct{} // wakes the keeper; holds one
	done chan struct{} // closed when the keeper has ended

	// Owned by Open, then by the keeper.
	serial uint64 // the highest number that a file has in its name

	mu   sync.Mutex
	cond sync.Cond // of mu: free or err has changed, or the pool was stopped

	// Guarded by mu.
	free    []*spare
	busy    *spare // is being zeroed or removed by the keeper
	unused  int    // how many files nobody has taken since beginCount
	surplus int    // how many files are to be removed
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
	var err error
	for _, f := range p.free {
		if cerr := f.file.Close(); err == nil {
			err = cerr
		}
	}
	p.free = nil
	return err
}

func (p *pool) wake() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// put takes back the file of a segment that nobody reads any more.
func (p *pool) put(f *spare) {
	g := *f
	g.zeroed = g.size
	p.mu.Lock()
	p.free = append(p.free, &g)
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
		if i := p.best(); i >= 0 {
			f := p.free[i]
			p.free = slices.Delete(p.free, i, i+1)
			p.unused = min(p.unused, p.count())
			p.near = false
			p.wake()
			return f, nil
		}
		if p.stopped {
			return nil, ErrClosed
		}
		if p.err != nil {
			return nil, p.err
		}
		p.wake()
		p.cond.Wait()
	}
}

// shrink has what is beyond the reserve removed.
func (p *pool) shrink() {
	p.mu.Lock()
	p.surplus = max(p.count()-p.opt.Reserve-1, 0)
	p.mu.Unlock()
	p.wake()
}

// best returns the index of the file of which most was written, or -1.
func (p *pool) best() int {
	best := -1
	for i, f := range p.free {
		if f.size == p.opt.SegmentSize && (best < 0 || f.zeroed > p.free[best].zeroed) {
			best = i
		}
	}
	return best
}

// worst returns the index of the file of which least was written, or -1. One
// of another size was cut already, or is of no use: it goes first.
func (p *pool) worst() int {
	worst := -1
	for i, f := range p.free {
		if f.size != p.opt.SegmentSize {
			return i
		}
		if worst < 0 || f.zeroed < p.free[worst].zeroed {
			worst = i
		}
	}
	return worst
}

// ready returns how many files could be taken and the error of the last
// attempt to make one.
func (p *pool) ready() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count(), p.err
}

// count returns how many files have the right size.
func (p *pool) count() int {
	n := 0
	if p.busy != nil && p.busy.size == p.opt.SegmentSize {
		n++
	}
	for _, f := range p.free {
		if f.size == p.opt.SegmentSize {
			n++
		}
	}
	return n
}

// usage returns the size of all files in bytes.
func (p *pool) usage() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum int64
	for _, f := range p.free {
		sum += f.size
	}
	if p.busy != nil {
		sum += p.busy.size
	}
	return sum
}

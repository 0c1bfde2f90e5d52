package log

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

const (
	// Zeroing goes in small steps with pauses, and ends when the file is
	// taken: it makes syncs cheaper while little is written, and costs more
	// than it gives when a segment is filled within a second.
	zeroStep = 256 << 10
	// zeroWrite is how much is written at a time. The page cache keeps what was
	// written at once as one, and a small record that is synced later writes all
	// of that again.
	zeroWrite = 4 << 10
	zeroPause = 2 * time.Millisecond

	// A file is cut short in steps before it is removed, since giving back
	// much at once can hold up everybody's syncs for a tenth of a second.
	cutStep  = 4 << 20
	cutPause = 10 * time.Millisecond

	// shrinkEvery is how long a file beyond the reserve is kept though nobody
	// takes it.
	shrinkEvery = 10 * time.Second

	// retryPause is the time between attempts to make a file.
	retryPause = time.Second
)

// job is what the keeper can do.
type job uint8

const (
	jobRest   job = iota
	jobStop       // end
	jobCreate     // make one more file
	jobZero       // write zeros into a part of a file
	jobCut        // take a part of a file away, at last all of it
)

// keep is the keeper: it takes one small step after the other, whichever is
// the most urgent, and sleeps when there is none.
func (p *pool) keep() {
	defer close(p.done)
	var zeros []byte
	var window <-chan time.Time // ends the time over which is counted
	for {
		if window == nil && p.beginCount() {
			window = time.After(shrinkEvery)
		}
		j, f := p.choose()
		var timer <-chan time.Time
		switch j {
		case jobStop:
			return
		case jobCreate:
			f, err := p.create()
			p.finish(f, err)
			if err == nil {
				continue
			}
			timer = time.After(retryPause)
		case jobZero:
			if zeros == nil {
				zeros = make([]byte, zeroWrite)
			}
			p.finish(p.zero(f, zeros))
			timer = time.After(zeroPause)
		case jobCut:
			p.finish(p.cut(f), nil)
			timer = time.After(cutPause)
		}
		select {
		case <-p.kick:
		case <-timer:
		case <-window:
			window = nil
			p.endCount()
		}
	}
}

// choose says what to do next and takes the file it is about out of the pool.
func (p *pool) choose() (job, *spare) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch best := p.best(); {
	case p.stopped:
		return jobStop, nil
	case p.count() <= p.opt.Reserve:
		return jobCreate, nil
	case p.near && p.free[best].zeroed < p.free[best].size:
		return jobZero, p.work(best)
	}
	i := p.worst()
	switch {
	case i < 0:
		return jobRest, nil
	case p.free[i].size != p.opt.SegmentSize:
	case p.surplus > 0:
		p.surplus--
	case len(p.free) <= p.opt.Pool:
		return jobRest, nil
	}
	return jobCut, p.work(i)
}

// beginCount begins to count how many files nobody takes, if there are more
// than the reserve and the one that is needed next.
func (p *pool) beginCount() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unused = p.count()
	return p.unused > p.opt.Reserve+1+p.surplus
}

// endCount has those removed that nobody took meanwhile.
func (p *pool) endCount() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.surplus = max(min(p.unused, p.count())-p.opt.Reserve-1, 0)
}

func (p *pool) work(i int) *spare {
	p.busy = p.free[i]
	p.free = slices.Delete(p.free, i, i+1)
	return p.busy
}

// finish puts the file worked on back, if there is still one.
func (p *pool) finish(f *spare, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f != nil {
		p.free = append(p.free, f)
	}
	p.busy, p.err = nil, err
	p.cond.Broadcast()
}

func (p *pool) create() (*spare, error) {
	p.serial++
	name := fmt.Sprintf("%08d%s", p.serial, suffix)
	f := &spare{name: name, path: filepath.Join(p.opt.Dir, name), size: p.opt.SegmentSize}
	var err error
	if f.file, err = p.opt.FS.Create(f.path); err != nil {
		return nil, fmt.Errorf("make a segment: %w", err)
	}
	if err = f.file.Preallocate(f.size); err == nil {
		err = p.opt.FS.SyncDir(p.opt.Dir)
	}
	if err != nil {
		p.remove(f)
		return nil, fmt.Errorf("make a segment: %w", err)
	}
	return f, nil
}

func (p *pool) zero(f *spare, zeros []byte) (*spare, error) {
	n := min(zeroStep, f.size-f.zeroed)
	var err error
	for at := int64(0); at < n && err == nil; at += int64(len(zeros)) {
		_, err = f.file.WriteAt(zeros[:min(int64(len(zeros)), n-at)], f.zeroed+at)
	}
	if err == nil {
		err = f.file.Sync()
	}
	if err != nil {
		// What a sync has failed on is never used again.
		p.remove(f)
		return nil, fmt.Errorf("zero %s: %w", f.name, err)
	}
	g := *f
	g.zeroed += n
	return &g, nil
}

func (p *pool) cut(f *spare) *spare {
	g := *f
	g.size -= cutStep
	if g.size <= 0 || g.file.Truncate(g.size) != nil {
		p.remove(f)
		return nil
	}
	return &g
}

// remove removes a file. If that fails it is left over until the next Open.
func (p *pool) remove(f *spare) {
	f.file.Close()
	p.opt.FS.Remove(f.path)
}

package queue

import (
	"sync"
	"time"

	"github.com/lepusmq/lepus/queue/delay"
	"github.com/lepusmq/lepus/store"
)

// DelayConfig says what a delay is.
type DelayConfig struct {
	Clock  *Clock
	Keeper DelayKeeper
	// Passing says that the keeper's store is not that of the queues: nothing is
	// confirmed by it, and what is released is settled on its own.
	Passing bool
	// Release puts what becomes of messages that are due, which it takes over,
	// into a group. It is called by a goroutine that may wait.
	Release func(due []Message, to *Group)
	// NewGroup starts a commit group in the store of the queues.
	NewGroup func(parts int, whole, done func()) *store.Group
	// Throttle waits until that store has caught up.
	Throttle func()
}

// DelayKeeper keeps the messages of a delay. Its methods wait for nothing and
// call nobody back.
type DelayKeeper interface {
	// Part returns the part of the store with a key, which is made if it is not
	// there; nil if there are to be no more.
	Part(key uint64) store.Queue
	// Drop ends a part.
	Drop(key uint64)
	// NewGroup starts a commit group of parts.
	NewGroup(parts int, whole, done func()) *store.Group
}

// Delay has messages wait until they are due. What is kept of them is in a
// store, in parts by the time when they are due; in memory is little more than
// two numbers for each that is due within the next minute. Its methods may be
// called from any goroutine.
//
// It is a state machine, [delay.Machine], under a lock, and a goroutine that does
// what the machine asks for as long as there is something to do: it may read
// and wait, which nobody does under the lock.
type Delay struct {
	// Immutable.
	clock    *Clock
	keeper   DelayKeeper
	passing  bool
	release  func([]Message, *Group)
	newGroup func(parts int, whole, done func()) *store.Group
	throttle func()

	// Guarded by mu. The parts are called while holding it.
	mu      sync.Mutex
	machine delay.Machine
	until   int64 // when the timer fires
	closed  bool
	one     [1]store.Enqueue // for Put

	timer  Timer
	worker sync.WaitGroup

	// Guarded by bell, while holding which no other lock is taken.
	bell     sync.Mutex
	working  bool
	again    bool // there may be more to do
	ended    bool // nothing is done any more
	finished []*dueBatch
	freed    []bucketSeqs // not held any more
}

// dueBatch is what has left its buckets and is not settled yet.
type dueBatch struct {
	delay   *Delay
	buckets []bucketSeqs
}

// bucketSeqs are messages of a bucket.
type bucketSeqs struct {
	bucket *delay.Bucket
	seqs   []uint64
}

// NewDelay makes a delay, which is ended by [Delay.Close].
func NewDelay(cfg DelayConfig) *Delay {
	d := &Delay{
		clock: cfg.Clock, keeper: cfg.Keeper, passing: cfg.Passing,
		release: cfg.Release, newGroup: cfg.NewGroup, throttle: cfg.Throttle,
		until: delay.Never,
	}
	d.timer.Fire = d.ring
	return d
}

// Recover brings back what parts have, by their keys, and begins to look after
// it: everything it may be released to must be there. It is called before Put.
func (d *Delay) Recover(parts map[uint64]store.Queue) {
	d.mu.Lock()
	for key, part := range parts {
		in, n := part.Stock()
		b := d.machine.Recover(key, part, in, n)
		b.Kept = func() { d.kept(b) }
	}
	d.mu.Unlock()
	d.ring()
}

// Put has a message wait until it is due, in Unix milliseconds. The delay takes
// over its reference. The message is confirmed when it is kept, at once if nobody
// keeps it.
func (d *Delay) Put(p *Publication, due int64) {
	p.Expires = due
	if d.passing && p.Confirm != nil {
		defer p.Confirm.Confirm(p.Publish, p.Publish)
		p.Confirm = nil
	}
	if d.put(p, due) {
		return
	}
	// The delay has ended.
	p.Release()
	if p.Confirm != nil {
		p.Confirm.Confirm(p.Publish, p.Publish)
	}
}

func (d *Delay) put(p *Publication, due int64) bool {
	now := time.Now().UnixMilli()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	b := d.bucket(now, due, nil)
	if b == nil {
		return false
	}
	seq, at := d.machine.Add(b, p.Message)
	d.one[0] = store.Enqueue{Seq: seq, Message: p.Message, Confirm: p.Confirm, Publish: p.Publish}
	b.Part.Append(d.one[:])
	d.one[0] = store.Enqueue{}
	d.await(b)
	d.arm(at, now)
	return true
}

// bucket returns the bucket for a message; nil if the delay's owner is deleted.
// Called with mu held.
func (d *Delay) bucket(now, due int64, below *delay.Bucket) *delay.Bucket {
	b := d.machine.Bucket(now, due, below)
	if b.Part == nil {
		part := d.keeper.Part(b.Key)
		if part == nil {
			return nil
		}
		b.Attach(part)
		b.Kept = func() { d.kept(b) }
	}
	return b
}

// arm sets the timer to a time, unless it fires before. Called with mu held.
func (d *Delay) arm(at, now int64) {
	switch {
	case at >= d.until:
	case at <= now:
		d.ring()
	default:
		d.until = at
		d.clock.At(at, &d.timer)
	}
}

// await lets what is kept leave the memory, and asks to be told when there is
// more. Called with mu held.
func (d *Delay) await(b *delay.Bucket) {
	for !b.Awaits {
		seq, ok := b.Fresh()
		if !ok {
			return
		}
		if b.Awaits = b.Part.Await(seq, b.Kept); !b.Awaits {
			d.trim(b)
		}
	}
}

// trim lets what is kept leave the memory. Called with mu held.
func (d *Delay) trim(b *delay.Bucket) {
	var r store.Releaser
	now := time.Now().UnixMilli()
	d.machine.Trim(b, now, b.Part.Kept(), r.Release)
	r.Flush()
	d.arm(d.machine.Until(now), now)
}

// kept is called by the store when it has written what a bucket awaits.
func (d *Delay) kept(b *delay.Bucket) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if b.Awaits = false; !d.closed {
		d.trim(b)
		d.await(b)
	}
}

// Pending is how many messages wait.
func (d *Delay) Pending() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.machine.Pending()
}

// Close ends the delay and waits for its goroutine; the store has what it kept.
// What is put afterwards goes nowhere.
func (d *Delay) Close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.clock.Stop(&d.timer)
	d.bell.Lock()
	d.ended = true
	d.bell.Unlock()
	d.worker.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	var r store.Releaser
	d.machine.End(r.Release)
	r.Flush()
}

// Check returns an error that names a broken invariant: for tests and fixtures.
func (d *Delay) Check() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.machine.Check()
}

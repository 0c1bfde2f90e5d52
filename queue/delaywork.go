package queue

import (
	"cmp"
	"slices"
	"time"

	"github.com/lepusmq/lepus/queue/delay"
	"github.com/lepusmq/lepus/store"
)

// ring says that there may be something to do. It waits for nothing.
func (d *Delay) ring() {
	d.bell.Lock()
	defer d.bell.Unlock()
	d.again = true
	if !d.working && !d.ended {
		d.working = true
		d.worker.Go(d.work)
	}
}

// work does what the machine asks for until there is nothing to do for now.
func (d *Delay) work() {
	for {
		for d.step() {
		}
		d.bell.Lock()
		if d.working = d.again; !d.working {
			d.bell.Unlock()
			return
		}
		d.bell.Unlock()
	}
}

// step does one thing and reports whether there may be more.
func (d *Delay) step() bool {
	d.mu.Lock()
	d.settle()
	if d.closed {
		d.mu.Unlock()
		return false
	}
	now := time.Now().UnixMilli()
	t := d.machine.Next(now)
	switch t.Kind {
	case delay.Wait:
		d.until = delay.Never
		d.arm(t.Until, now)
	case delay.Drop:
		d.keeper.Drop(t.Bucket.Key)
	}
	d.mu.Unlock()
	switch t.Kind {
	case delay.Wait:
		return false
	case delay.Release:
		d.releaseDue(t.Items)
	case delay.Load:
		d.load(&t)
	case delay.Read:
		d.read(&t)
	case delay.Move:
		d.move(&t)
	}
	return true
}

// settle takes note of what has become durable, and what is not held any more.
// Called with mu held.
func (d *Delay) settle() {
	d.bell.Lock()
	finished, freed := d.finished, d.freed
	d.finished, d.freed, d.again = nil, nil, false
	d.bell.Unlock()
	if d.closed {
		return
	}
	for _, held := range freed {
		d.machine.Free(held.bucket, held.seqs)
		d.await(held.bucket)
	}
	for _, done := range finished {
		d.machine.Released()
		for _, b := range done.buckets {
			if d.passing {
				b.bucket.Part.Settle(b.seqs)
			}
			d.machine.Settled(b.bucket, len(b.seqs))
		}
	}
}

// done is called when a batch is durable where it went.
func (b *dueBatch) done() {
	d := b.delay
	d.bell.Lock()
	d.finished = append(d.finished, b)
	d.bell.Unlock()
	d.ring()
}

// releaseDue releases messages that are due: in the store they leave their
// parts and come to the queues together, or after a crash not at all.
func (d *Delay) releaseDue(items []delay.Item) {
	batch := &dueBatch{delay: d, buckets: byBucket(items)}
	due := make([]Message, len(items))
	for i := range items {
		due[i] = items[i].Message
	}
	var g Group
	d.release(due, &g)
	if !d.passing {
		for _, b := range batch.buckets {
			g.Join(func(to *store.Group) {
				d.mu.Lock()
				defer d.mu.Unlock()
				b.bucket.Part.Join(to, nil, b.seqs)
			})
		}
	}
	g.Commit(d.newGroup, batch.done)
	for _, part := range g.parts {
		if part.queue.Overloaded() {
			part.queue.Throttle()
		}
	}
	d.throttle()
}

// byBucket sorts out the messages of each bucket, by number.
func byBucket(items []delay.Item) []bucketSeqs {
	sorted := make([]*delay.Item, len(items))
	for i := range items {
		sorted[i] = &items[i]
	}
	slices.SortFunc(sorted, func(a, b *delay.Item) int {
		return cmp.Or(cmp.Compare(a.Bucket.Key, b.Bucket.Key), cmp.Compare(a.Seq, b.Seq))
	})
	var all []bucketSeqs
	for _, i := range sorted {
		if n := len(all); n == 0 || all[n-1].bucket != i.Bucket {
			all = append(all, bucketSeqs{bucket: i.Bucket})
		}
		of := &all[len(all)-1]
		of.seqs = append(of.seqs, i.Seq)
	}
	return all
}

// load reads the bodies of messages that are due soon.
func (d *Delay) load(t *delay.Task) {
	items := t.Items
	size := t.Limit/len(items) + 1
	bodies := map[*delay.Bucket][]store.Stored{}
	var slab Slab
	for _, b := range byBucket(items) {
		for _, in := range near(b.seqs, uint64(loadNear/size)) {
			bodies[b.bucket] = appendWanted(bodies[b.bucket], &slab, &b, in)
		}
	}
	slab.Close()
	for i := range items {
		found := bodies[items[i].Bucket]
		at, ok := slices.BinarySearchFunc(found, items[i].Seq, func(s store.Stored, seq uint64) int { return cmp.Compare(s.Seq, seq) })
		if ok {
			items[i].Message = found[at].Message
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range items {
		// What is damaged has been reported by the store.
		if items[i].Size() == 0 {
			items[i].Bucket.Part.Settle([]uint64{items[i].Seq})
		}
	}
	d.machine.Loaded(items)
}

const (
	// loadNear is how many bytes that nobody wants are read along with what lies
	// on both sides: to read anything the store reads a whole record.
	loadNear = 32 << 10
	// loadWindow is how much is read at a time.
	loadWindow = 256 << 10
)

// near returns the ranges in which numbers, which rise, lie no further apart than
// gap.
func near(seqs []uint64, gap uint64) []store.Range {
	var all []store.Range
	for _, seq := range seqs {
		if n := len(all); n > 0 && seq-all[n-1].Last <= gap+1 {
			all[n-1].Last = seq
			continue
		}
		all = append(all, store.Range{First: seq, Last: seq})
	}
	return all
}

// appendWanted reads a range and keeps what is wanted of it, in the slab: among what was read
// it would keep the memory of all.
func appendWanted(to []store.Stored, slab *Slab, b *bucketSeqs, in store.Range) []store.Stored {
	var r store.Releaser
	defer r.Flush()
	for in.First <= in.Last {
		found, upTo := b.bucket.Part.Load([]store.Range{in}, loadWindow)
		for i := range found {
			if _, wanted := slices.BinarySearch(b.seqs, found[i].Seq); wanted {
				slab.Take(&found[i].Message)
				to = append(to, found[i])
			} else {
				r.Release(&found[i].Message)
			}
		}
		in.First = upTo + 1
	}
	return to
}

// read reads when some messages of a bucket are due.
func (d *Delay) read(t *delay.Task) {
	found, upTo := t.Bucket.Part.Load([]store.Range{t.Range}, t.Limit)
	d.mu.Lock()
	d.machine.Read(t.Bucket, found, upTo)
	d.mu.Unlock()
	var r store.Releaser
	for i := range found {
		r.Release(&found[i].Message)
	}
	r.Flush()
}

// move moves some messages of a bucket to narrower ones. They get new records:
// a bucket's part ends as a whole.
func (d *Delay) move(t *delay.Task) {
	found, upTo := t.Bucket.Part.Load([]store.Range{t.Range}, t.Limit)
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now().UnixMilli()
	moved := bucketSeqs{bucket: t.Bucket}
	to := map[*delay.Bucket][]store.Enqueue{}
	for i := range found {
		m := &found[i]
		b := d.bucket(now, m.Expires, t.Bucket)
		if b == nil { // the delay is about to be closed
			m.Release()
			continue
		}
		seq, _ := d.machine.Add(b, m.Message)
		to[b] = append(to[b], store.Enqueue{Seq: seq, Message: m.Message})
		moved.seqs = append(moved.seqs, m.Seq)
	}
	d.machine.Moved(t.Bucket, len(moved.seqs), upTo)
	batch := &dueBatch{delay: d, buckets: []bucketSeqs{moved}}
	g := d.keeper.NewGroup(1+len(to), nil, batch.done)
	t.Bucket.Part.Join(g, nil, moved.seqs)
	for b, entries := range to {
		b.Part.Join(g, entries, nil)
		d.await(b)
	}
}

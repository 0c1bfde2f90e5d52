package store

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/store/vfs"
)

// slowDisk is a store whose syncs take a while, in a bubble.
type slowDisk struct {
	*durable
	rig   *rig
	syncs atomic.Int64
}

func openSlow(t *testing.T, sync time.Duration) *slowDisk {
	t.Helper()
	d := &slowDisk{rig: newRig(1)}
	opt := d.rig.options()
	opt.SegmentSize = 4 << 20
	d.durable = mustOpen(t, opt)
	d.rig.fs.Watch(func(o vfs.Op, _ string) error {
		if o == vfs.OpSync {
			d.syncs.Add(1)
			time.Sleep(sync)
		}
		return nil
	})
	return d
}

func (d *slowDisk) close(t *testing.T) {
	t.Helper()
	d.rig.fs.Watch(nil)
	mustClose(t, d.durable)
}

// publisher publishes messages to a queue of its own.
type publisher struct {
	part     Queue
	seq      uint64
	slab     Slab
	confirms chan uint64
}

func (d *slowDisk) publisher(t *testing.T) *publisher {
	t.Helper()
	q := define(t, d.durable, d.NewID())
	return &publisher{part: q, seq: q.NextSeq(), confirms: make(chan uint64, 1<<16)}
}

// Confirm implements Confirmer.
func (p *publisher) Confirm(first, last uint64) {
	for n := first; n <= last; n++ {
		p.confirms <- n
	}
}

func (p *publisher) publish() {
	m := message(&p.slab, p.seq, 100)
	p.part.Append([]Enqueue{{Seq: p.seq, Message: m, Confirm: p, Publish: p.seq}})
	m.Release()
	p.seq++
}

// reaction is how long a publisher takes to publish again.
const reaction = 100 * time.Microsecond

// TestLead checks that a caller commits its lone message itself when the disk
// is quick, and leaves it to the committer when it is not: either way it takes
// one sync.
func TestLead(t *testing.T) {
	for _, sync := range []time.Duration{50 * time.Microsecond, 2 * time.Millisecond, 10 * time.Millisecond} {
		t.Run(fmt.Sprint(sync), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := openSlow(t, sync)
				p := d.publisher(t)
				for range 10 {
					synctest.Wait()
					began := time.Now()
					d.Lead(func(led bool) {
						if led != (sync < slowSync) {
							t.Errorf("led: %v", led)
						}
						p.publish()
					})
					if sync < slowSync && len(p.confirms) != 1 {
						t.Errorf("%d confirms after Lead", len(p.confirms))
					}
					<-p.confirms
					if took := time.Since(began); took != sync {
						t.Errorf("confirmed after %v", took)
					}
				}
				d.close(t)
			})
		})
	}
}

// TestLeadTakesAll checks that who leads commits what others gave to the store
// before, leaves to the committer what they give to it during its sync, and
// does not lead while the committer is at work.
func TestLeadTakesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const sync = 100 * time.Microsecond
		d := openSlow(t, sync)
		a, b := d.publisher(t), d.publisher(t)
		synctest.Wait()
		began := time.Now()
		d.Lead(func(led bool) {
			if !led {
				t.Error("nobody leads an idle store")
			}
			a.publish()
			b.publish()
			time.AfterFunc(sync/2, b.publish)
		})
		if len(a.confirms) != 1 || len(b.confirms) != 1 {
			t.Errorf("%d and %d confirms", len(a.confirms), len(b.confirms))
		}
		time.Sleep(sync / 2)
		d.Lead(func(led bool) {
			if led {
				t.Error("somebody leads while the committer writes")
			}
			a.publish()
		})
		for range 2 {
			<-a.confirms
			<-b.confirms
		}
		if took := time.Since(began); took != 3*sync {
			t.Errorf("all was confirmed after %v", took)
		}
		d.close(t)
	})
}

// TestLonePublishers has many publishers wait for each of their messages. On a
// slow disk nearly all of them must share each sync.
func TestLonePublishers(t *testing.T) {
	for _, sync := range []time.Duration{2 * time.Millisecond, 10 * time.Millisecond} {
		t.Run(fmt.Sprint(sync), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testLonePublishers(t, sync) })
		})
	}
}

func testLonePublishers(t *testing.T, delay time.Duration) {
	const publishers, messages = 50, 40
	d := openSlow(t, delay)
	var mu sync.Mutex
	var times []time.Duration
	var all sync.WaitGroup
	list := make([]*publisher, publishers)
	for i := range list {
		list[i] = d.publisher(t)
	}
	before := d.syncs.Load()
	for i, p := range list {
		all.Go(func() {
			time.Sleep(time.Duration(i) * delay / publishers)
			for range messages {
				began := time.Now()
				p.publish()
				<-p.confirms
				took := time.Since(began)
				mu.Lock()
				times = append(times, took)
				mu.Unlock()
				time.Sleep(reaction)
			}
		})
	}
	all.Wait()
	slices.Sort(times)
	if p50 := times[len(times)/2]; p50 > delay*3/2 {
		t.Errorf("half of the confirms took more than %v", p50)
	}
	if n := d.syncs.Load() - before; n > messages*5/4 {
		t.Errorf("%d syncs for %d messages of %d publishers", n, messages, publishers)
	}
	d.close(t)
}

// TestDeclarers has several clients wait for each of their definitions. On a slow
// disk nearly all of them must share each sync.
func TestDeclarers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, each = 8, 40
		const delay = 2 * time.Millisecond
		d := openSlow(t, delay)
		var all sync.WaitGroup
		for i := range clients {
			all.Go(func() {
				time.Sleep(time.Duration(i) * delay / clients)
				for range each {
					define(t, d.durable, d.NewID())
					time.Sleep(reaction)
				}
			})
		}
		all.Wait()
		if n := d.syncs.Load(); n > each*5/4 {
			t.Errorf("%d syncs for %d definitions of %d clients", n, each, clients)
		}
		d.close(t)
	})
}

// TestPipelinedPublisher keeps many messages in flight: nearly all of them must
// share each sync.
func TestPipelinedPublisher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const inFlight, messages = 2000, 40_000
		d := openSlow(t, 2*time.Millisecond)
		p := d.publisher(t)
		before := d.syncs.Load()
		for sent := range messages {
			if sent >= inFlight {
				<-p.confirms
			}
			p.publish()
			if sent%100 == 99 {
				time.Sleep(reaction / 10)
			}
		}
		synctest.Wait()
		if n := d.syncs.Load() - before; n > messages/inFlight*3/2 {
			t.Errorf("%d syncs for %d messages", n, messages)
		}
		d.close(t)
	})
}

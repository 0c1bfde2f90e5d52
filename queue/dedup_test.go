package queue

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/store"
)

// headOf is the properties of a message with a deduplication key.
func headOf(key int) []byte {
	p := amqp.Properties{Flags: amqp.HasHeaders, Headers: amqp.Table{{Key: DeduplicationHeader, Value: amqp.Int32(int32(key))}}}
	return p.Append(nil)
}

// distinctModel is a queue without duplicates as a list of messages.
type distinctModel struct {
	t      *testing.T
	rig    *pagingRig
	slab   Slab
	conf   confirms
	sent   uint64
	has    map[uint64]int // the keys of those in the queue
	ready  map[uint64]bool
	unack  map[uint64]Settlement
	holder Sink
}

func (m *distinctModel) knows(key int) bool {
	for _, k := range m.has {
		if k == key {
			return true
		}
	}
	return false
}

func (m *distinctModel) message(key int, persistent bool) Publication {
	m.sent++
	body := binary.BigEndian.AppendUint64(make([]byte, 0, 600), m.sent)
	p := Publication{Message: m.slab.Add([]byte("\x00\x01k"), headOf(key), body[:600])}
	p.Persistent, p.Priority = persistent, uint8(key%5)
	if !m.knows(key) {
		m.has[m.sent], m.ready[m.sent] = key, true
	}
	return p
}

func (m *distinctModel) publish(key int, persistent bool) {
	p := m.message(key, persistent)
	p.Confirm, p.Publish = &m.conf, m.sent
	m.rig.queue.Publish([]Publication{p})
}

func (m *distinctModel) commit(keys []int) {
	var g Group
	for _, key := range keys {
		g.Publish(m.rig.queue, m.message(key, true))
	}
	done := make(chan struct{})
	m.slab.Close()
	m.slab = Slab{}
	g.Commit(m.rig.store.NewGroup, func() { close(done) })
	<-done
}

// get fetches a message and reports whether there was one.
func (m *distinctModel) get(noAck bool) bool {
	m.t.Helper()
	type answer struct {
		number uint64
		at     Settlement
		ok     bool
	}
	came := make(chan answer, 1)
	m.rig.queue.Get(m.holder, noAck, func(d *Delivery, _ int, ok bool, err error) {
		a := answer{ok: ok}
		if ok {
			a.number, a.at = binary.BigEndian.Uint64(d.Body()), Settlement{Slot: d.Slot, Seq: d.Seq}
		}
		if err != nil {
			m.t.Error(err)
		}
		came <- a
	})
	a := <-came
	if !a.ok {
		if len(m.ready) > 0 {
			m.t.Fatalf("no message, want one of %d", len(m.ready))
		}
		return false
	}
	if !m.ready[a.number] {
		m.t.Fatalf("message %d came, which is not ready", a.number)
	}
	delete(m.ready, a.number)
	if noAck {
		delete(m.has, a.number)
	} else {
		m.unack[a.number] = a.at
	}
	return true
}

// Random calls to a queue without duplicates and to a model of it; messages are
// in memory, in the store and in the overflow, and of several priorities.
func TestDistinctAgainstModel(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 3))
		o := Options{Deduplicate: true}
		if seed%2 == 1 {
			o.MaxPriority = Bound{Set: true, N: 3}
		}
		m := &distinctModel{
			t: t, rig: newPagingRig(t, 32<<10, func(c *Config) { c.Options = o }), holder: &sink{},
			has: map[uint64]int{}, ready: map[uint64]bool{}, unack: map[uint64]Settlement{},
		}
		published := 0
		for range 3000 {
			switch key := rng.IntN(400); rng.IntN(16) {
			case 0:
				m.get(true)
			case 1, 2, 3:
				m.get(false)
			case 4, 5:
				// An ack overtakes what was published before, which may be a duplicate then or not.
				m.rig.queue.await()
				for n, at := range m.unack {
					m.rig.queue.Ack([]Settlement{at})
					delete(m.unack, n)
					delete(m.has, n)
					break
				}
			case 6:
				for n, at := range m.unack {
					m.rig.queue.Return([]Settlement{at})
					delete(m.unack, n)
					m.ready[n] = true
					break
				}
			case 7:
				if rng.IntN(20) == 0 {
					m.rig.queue.Purge(func(n int, _ error) {
						if n != len(m.ready) {
							t.Errorf("seed %d: %d purged, want %d", seed, n, len(m.ready))
						}
					})
					m.rig.queue.await()
					for n := range m.ready {
						delete(m.has, n)
					}
					clear(m.ready)
				}
			case 8:
				m.commit([]int{key, rng.IntN(400), key})
			default:
				published++
				m.publish(key, rng.IntN(3) > 0)
			}
		}
		m.slab.Close()
		for m.get(true) {
		}
		q := m.rig.queue
		q.await()
		if d := q.strand.distinct; len(d.keys) != len(m.has) || len(d.seqs) != len(m.has) {
			t.Errorf("seed %d: %d and %d keys are remembered, want %d", seed, len(d.keys), len(d.seqs), len(m.has))
		}
		deadline := time.Now().Add(time.Minute)
		for m.conf.count() < published && time.Now().Before(deadline) {
			done := make(chan struct{})
			m.rig.store.Define(nil, func() { close(done) })
			<-done
		}
		if n := m.conf.count(); n != published {
			t.Errorf("seed %d: %d confirmed, want %d", seed, n, published)
		}
		if err := q.Check(); err != nil {
			t.Error(err)
		}
	}
}

// heldStore is a store that confirms when it is told to.
type heldStore struct {
	store.Queue
	held []store.Enqueue
}

func (h *heldStore) Append(entries []store.Enqueue) { h.held = append(h.held, entries...) }

func (h *heldStore) confirm() {
	for _, e := range h.held {
		e.Confirm.Confirm(e.Publish, e.Publish)
	}
	h.held = nil
}

// A duplicate is confirmed when its original is, and at once if that is safe.
func TestDuplicateConfirmed(t *testing.T) {
	h := &heldStore{Queue: store.NewMemory().Queue(1)}
	q := New(Config{ID: 1, Name: "q", Store: h, Options: Options{Deduplicate: true}})
	var slab Slab
	var c confirms
	put := func(n uint64, key int, persistent bool) {
		p := Publication{Message: slab.Add([]byte("\x00\x01k"), headOf(key), []byte("body")), Confirm: &c, Publish: n}
		p.Persistent = persistent
		q.Publish([]Publication{p})
	}
	confirmed := func(want string) {
		t.Helper()
		q.await()
		c.mu.Lock()
		defer c.mu.Unlock()
		got := ""
		for n := uint64(1); n < 10; n++ {
			if c.seen[n] == 1 {
				got += fmt.Sprint(n)
			}
		}
		if got != want {
			t.Errorf("confirmed are %q, want %q", got, want)
		}
	}
	put(1, 1, true)
	put(2, 1, true)
	put(3, 1, false)
	confirmed("")
	put(4, 2, false)
	put(5, 2, true) // no safer than its original
	confirmed("45")
	h.confirm()
	confirmed("12345")
	put(6, 1, true)
	confirmed("123456")
	slab.Close()
}

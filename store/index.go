package store

import (
	"sort"
	"sync"
	"sync/atomic"

	"github.com/lepusmq/lepus/store/log"
)

// index says which messages each queue has and where they lie in the log, and
// what is defined. It is changed by apply only, with what is synced. Pages that
// Badger has are in memory only as far as the cache has room.
type index struct {
	// immutable after the start
	unclean    log.Position // records below are redelivered
	pageRuns   int          // how many runs a page holds
	acceptLoss bool         // lost pages leave the queue's record
	crowdQueue int          // changed pages of a queue that are written early
	crowdAll   int          // and of all queues
	volatile   bool         // nothing of it is ever written
	get        func(key []byte) ([]byte, error)
	report     func(error)

	// unsavedSeen is what unsaved was, and crowded says that some of it is to
	// be written before the next checkpoint.
	unsavedSeen atomic.Int64
	crowded     atomic.Bool

	// mu guards all below. It is let go of by unlock where pages may be read.
	mu       sync.Mutex
	cache    pageCache
	unsaved  int     // memory that changed pages and deltas take
	deltas   int     // of all queues
	lost     []error // pages that were lost and are to be reported
	segments segments
	queues   map[uint64]*queueIndex
	defined  map[definitionKey]*definition
	applied  log.Position // everything below has been applied
	lastID   uint64       // the highest id ever named
	nextPage uint64       // above the number of every page in Badger

	// What has changed since the last checkpoint began to write it.
	changed   []*queueIndex
	redefined []definitionKey
	ended     []*queueIndex // queues that are gone, but not from Badger
}

type definitionKey struct {
	kind Kind
	id   uint64
}

// definition is a definition, or the trace of one that ended.
type definition struct {
	order   uint64
	value   []byte // nil once it is saved
	changed bool
	deleted bool
	stored  bool
	hash    uint64
}

// newIndex makes an empty index over the segments of a log. get reads a value
// of Badger, report is told of pages that are lost.
func newIndex(source func() []log.Segment, get func(key []byte) ([]byte, error), report func(error)) *index {
	return &index{
		pageRuns:   pageRuns,
		crowdQueue: crowdQueue,
		crowdAll:   crowdAll,
		get:        get,
		report:     report,
		cache:      pageCache{limit: cacheBytes},
		segments:   segments{source: source},
		queues:     make(map[uint64]*queueIndex),
		defined:    make(map[definitionKey]*definition),
		nextPage:   1,
	}
}

// unlock lets go of the index and reports pages that were lost meanwhile.
func (x *index) unlock() {
	lost := x.lost
	x.lost = nil
	x.mu.Unlock()
	for _, err := range lost {
		x.report(err)
	}
}

// apply changes the index by operations, in log order. What a queue reflects
// already is passed over. Everything below end has been applied then.
func (x *index) apply(ops []op, end log.Position) {
	x.mu.Lock()
	defer x.unlock()
	for i := range ops {
		o := &ops[i]
		if o.kind == recDefine {
			x.define(o)
			continue
		}
		q := x.queues[o.queue]
		if q == nil || o.at < q.position {
			continue
		}
		switch o.kind {
		case recEnqueue:
			q.mortal = q.mortal && q.messages > 0 || o.mortal
			q.insert(o.run)
		case recMove:
			q.relocate(o.run, o.at)
		case recDead:
			for _, s := range o.spans {
				q.settle(s, o.at)
			}
		case recTally:
			q.tally(o.tally)
		}
		x.touch(q)
		if q.unsaved >= x.crowdQueue && !x.volatile {
			x.crowded.Store(true)
		}
	}
	x.applied = max(x.applied, end)
	x.noteUnsaved()
}

// touch has the next checkpoint save a queue.
func (x *index) touch(q *queueIndex) {
	if !q.dirty {
		q.dirty = true
		x.changed = append(x.changed, q)
	}
}

// define applies definitions. They are absolute: one that is applied again
// does no harm, it only comes back until it is ended again.
func (x *index) define(o *op) {
	for i := range o.define {
		c := &o.define[i]
		key := definitionKey{c.Kind, c.ID}
		x.lastID = max(x.lastID, c.ID)
		d := x.defined[key]
		if c.Kind == KindQueue {
			x.defineQueue(c, o.at)
		}
		if d == nil {
			if c.Deleted {
				continue
			}
			// A record has fewer definitions than bytes.
			d = &definition{order: uint64(o.order) + uint64(i)}
			x.defined[key] = d
		}
		d.value, d.deleted = c.Value, c.Deleted
		if !d.changed {
			d.changed = true
			x.redefined = append(x.redefined, key)
		}
	}
}

func (x *index) defineQueue(c *Definition, at log.Position) {
	q := x.queues[c.ID]
	switch {
	case q == nil && !c.Deleted:
		x.queues[c.ID] = x.newQueue(c.ID, at)
	case q != nil && c.Deleted:
		q.end(at)
		q.position = at
		delete(x.queues, c.ID)
		x.ended = append(x.ended, q)
	}
}

// dropOrphans ends queues that nothing defines: those whose end was lost with
// a piece of the log.
func (x *index) dropOrphans(at log.Position) {
	for id := range x.queues {
		if d := x.defined[definitionKey{KindQueue, id}]; d == nil || d.deleted {
			x.defineQueue(&Definition{Kind: KindQueue, ID: id, Deleted: true}, at)
		}
	}
}

func (x *index) newQueue(id uint64, position log.Position) *queueIndex {
	return &queueIndex{id: id, position: position, next: 1, index: x}
}

// nextSeq returns a number above all that were ever used in a queue.
func (x *index) nextSeq(id uint64) uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	if q := x.queues[id]; q != nil {
		return q.next
	}
	return 1
}

// definitions lists what is defined, in the order in which it first was.
func (x *index) definitions() []Definition {
	type ordered struct {
		order uint64
		Definition
	}
	list := make([]ordered, 0, len(x.defined))
	for key, d := range x.defined {
		if !d.deleted {
			list = append(list, ordered{d.order, Definition{Kind: key.kind, ID: key.id, Value: d.value}})
		}
		if !d.changed {
			d.value = nil
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].order < list[j].order })
	result := make([]Definition, len(list))
	for i := range list {
		result[i] = list[i].Definition
	}
	return result
}

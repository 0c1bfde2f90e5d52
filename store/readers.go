package store

import (
	"cmp"
	"container/heap"
	"sync"

	"github.com/lepusmq/lepus/store/log"
)

// loaders is how many loads may read at once.
const loaders = 4

// readers lends readers of the log to those who load. Who waits for one gets
// it in the order in which what they want lies in the log, round and round:
// queues that lie among each other then read the same pieces one after the
// other. Any goroutine may use it.
type readers struct {
	// Guarded by mu.
	mu      sync.Mutex
	idle    []*log.Reader
	round   uint64
	at      log.Position // where the round has come to
	waiting waitingLoads
}

// waitingLoad is a load that waits for a reader.
type waitingLoad struct {
	round  uint64
	at     log.Position
	reader chan *log.Reader
}

// borrow returns a reader for a load that begins at a position. The caller
// gives it back.
func (r *readers) borrow(at log.Position) *log.Reader {
	r.mu.Lock()
	if n := len(r.idle); n > 0 {
		reader := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.at = at
		r.mu.Unlock()
		return reader
	}
	w := waitingLoad{round: r.round, at: at, reader: make(chan *log.Reader, 1)}
	if at < r.at {
		w.round++
	}
	heap.Push(&r.waiting, w)
	r.mu.Unlock()
	return <-w.reader
}

// giveBack takes a reader back, for whoever is next.
func (r *readers) giveBack(reader *log.Reader) {
	reader.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		r.idle = append(r.idle, reader)
		return
	}
	w := heap.Pop(&r.waiting).(waitingLoad)
	r.round, r.at = w.round, w.at
	w.reader <- reader
}

// waitingLoads is a heap of those who wait, next first.
type waitingLoads []waitingLoad

func (l waitingLoads) Len() int { return len(l) }

func (l waitingLoads) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(l[i].round, l[j].round), cmp.Compare(l[i].at, l[j].at)) < 0
}

func (l waitingLoads) Swap(i, j int) { l[i], l[j] = l[j], l[i] }

func (l *waitingLoads) Push(w any) { *l = append(*l, w.(waitingLoad)) }

func (l *waitingLoads) Pop() any {
	last := len(*l) - 1
	w := (*l)[last]
	*l = (*l)[:last]
	return w
}

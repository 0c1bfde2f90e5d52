package store

import (
	"maps"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// pageEvery is how often it is looked whether tables of the index are in memory.
const pageEvery = time.Second

// runPaging has the tables of the index leave the memory, until the store ends. It
// is a goroutine of a store whose index is in Badger.
func (s *durable) runPaging() {
	tick := time.NewTicker(pageEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-tick.C:
			s.compactor.pageOut()
		}
	}
}

// pageOut takes the tables out of the process's memory if some were written or read
// since the last call. Badger maps its tables, so that all that it writes and reads
// stays there, although most of it is not read again for a long time. The system
// keeps in its cache of files what it has room for.
func (b *badgerKV) pageOut() {
	tables := b.tableIDs()
	if read := b.read.Swap(false); !read && maps.Equal(tables, b.known) {
		return
	}
	b.known = tables
	b.holding(tables, func(held map[uint64]bool) { pageOutTables(b.dir, held) })
}

// holding calls fn while those of the tables that are still there stay mapped where
// they are: an iterator has them all in use, until it is closed.
func (b *badgerKV) holding(tables map[uint64]bool, fn func(held map[uint64]bool)) {
	txn := b.db.NewTransaction(false)
	defer txn.Discard()
	it := txn.NewIterator(badger.IteratorOptions{})
	defer it.Close()
	// No table comes back: what was there before and is after was there in between.
	held := b.tableIDs()
	maps.DeleteFunc(held, func(id uint64, _ bool) bool { return !tables[id] })
	fn(held)
}

// tableIDs returns the numbers of the tables that there are.
func (b *badgerKV) tableIDs() map[uint64]bool {
	ids := make(map[uint64]bool)
	for _, t := range b.db.Tables() {
		ids[t.ID] = true
	}
	return ids
}

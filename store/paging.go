package store

import "time"

// pageEvery is how often new tables of the index are looked for.
const pageEvery = time.Second

// runPaging has the tables of the index leave the memory once they are written,
// until the store ends. It is a goroutine of a store whose index is in Badger.
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

// pageOut takes the tables out of memory that are new since the last call.
// Badger maps its tables, so that all that it writes stays there, although most
// of it is not read for a long time. Whoever reads it then has it in memory again.
func (b *badgerKV) pageOut() {
	known := b.written
	b.written = b.tableIDs()
	fresh := make(map[uint64]bool)
	for id := range b.written {
		if !known[id] {
			fresh[id] = true
		}
	}
	if len(fresh) > 0 {
		pageOutTables(b.dir, fresh)
	}
}

// tableIDs returns the numbers of the tables that there are.
func (b *badgerKV) tableIDs() map[uint64]bool {
	ids := make(map[uint64]bool)
	for _, t := range b.db.Tables() {
		ids[t.ID] = true
	}
	return ids
}

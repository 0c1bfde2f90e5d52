package store

import "bytes"

// sweep removes what an earlier process left half removed.
func (s *durable) sweep(marked, tombs []uint64) error {
	if len(marked)+len(tombs) == 0 {
		return nil
	}
	named := make(map[uint64]map[uint64]bool)
	for _, id := range tombs {
		named[id] = nil
	}
	for _, id := range marked {
		named[id] = s.index.queues[id].pageNumbers()
	}
	if err := s.sweepPages(named); err != nil {
		return err
	}
	for _, id := range tombs {
		if err := s.removeTomb(id); err != nil {
			return err
		}
	}
	for _, id := range marked {
		if err := s.commitAll([]change{{key: stateKey(keySweep, id), deleted: true}}); err != nil {
			return err
		}
	}
	return nil
}

// pageNumbers are those of the pages that the queue, if there is one, has in Badger.
func (q *queueIndex) pageNumbers() map[uint64]bool {
	if q == nil {
		return nil
	}
	all := make(map[uint64]bool)
	for _, p := range q.pages {
		all[p.number] = true
	}
	for _, number := range q.garbage {
		all[number] = true
	}
	return all
}

// sweepPages removes the pages of queues, by their ids, that are not named.
func (s *durable) sweepPages(named map[uint64]map[uint64]bool) error {
	var gone []change
	for _, letter := range [...]byte{keyPage, keyFormerPage} {
		err := s.kv.scan([]byte{letter}, func(key, _ []byte) error {
			id, number, err := pageOfKey(key)
			if numbers, swept := named[id]; err == nil && swept && !numbers[number] {
				gone = append(gone, change{key: bytes.Clone(key), deleted: true})
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.commitAll(gone)
}

// removeTomb removes the tombstone of a queue that is gone.
func (s *durable) removeTomb(id uint64) error {
	key := stateKey(keyQueue, id)
	sealed, err := s.kv.get(key)
	if err != nil || sealed == nil {
		return err
	}
	b := s.newBatch()
	hash := hashOf(key, sealed)
	b.remove(key, &hash)
	return s.commitBatch(b)
}

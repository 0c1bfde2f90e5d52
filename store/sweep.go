package store

import "bytes"

// sweep removes what an earlier process left half removed.
func (s *durable) sweep(marked, tombs []uint64) error {
	for _, id := range tombs {
		if err := s.sweepPages(id, nil); err != nil {
			return err
		}
		if err := s.removeTomb(id); err != nil {
			return err
		}
	}
	for _, id := range marked {
		if err := s.sweepPages(id, s.index.queues[id]); err != nil {
			return err
		}
		if err := s.commitAll([]change{{key: stateKey(keySweep, id), deleted: true}}); err != nil {
			return err
		}
	}
	return nil
}

// sweepPages removes the pages of a queue that q, if there is one, does not
// have.
func (s *durable) sweepPages(id uint64, q *queueIndex) error {
	named := make(map[uint64]bool)
	if q != nil {
		for _, p := range q.pages {
			named[p.number] = true
		}
		for _, number := range q.garbage {
			named[number] = true
		}
	}
	var gone []change
	err := s.kv.scan(stateKey(keyPage, id), func(key, _ []byte) error {
		n, err := keyNumbers(key, 2)
		if err != nil {
			return err
		}
		if !named[n[1]] {
			gone = append(gone, change{key: bytes.Clone(key), deleted: true})
		}
		return nil
	})
	if err != nil {
		return err
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

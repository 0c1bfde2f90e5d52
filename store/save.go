package store

// newBatch begins a transaction.
func (s *durable) newBatch() *batch { return &batch{sum: &s.checkpoints.sum} }

// commitBatch ends a transaction: the sum goes with it.
func (s *durable) commitBatch(b *batch) error {
	if len(b.changes) == 0 {
		return nil
	}
	key := stateKey(keySum)
	b.add(change{key: key, value: seal(key, le.AppendUint64(nil, *b.sum))})
	s.checkpoints.written += int64(b.size)
	return s.kv.commit(b.changes)
}

// commitAll makes changes that need not come together, in small transactions.
func (s *durable) commitAll(changes []change) error {
	for len(changes) > 0 {
		b := s.newBatch()
		for len(changes) > 0 && b.size < s.checkpoints.batch {
			b.add(changes[0])
			changes = changes[1:]
		}
		if err := s.commitBatch(b); err != nil {
			return err
		}
	}
	return nil
}

// saveDefinitions writes definitions that have changed, in any order: they are
// absolute.
func (s *durable) saveDefinitions(keys []definitionKey) error {
	x := s.index
	for len(keys) > 0 {
		b := s.newBatch()
		x.mu.Lock()
		for len(keys) > 0 && (len(b.changes) == 0 || b.size+len(x.defined[keys[0]].value) < s.checkpoints.batch) {
			x.saveDefinition(b, keys[0])
			keys = keys[1:]
		}
		x.mu.Unlock()
		if err := s.commitBatch(b); err != nil {
			return err
		}
	}
	return nil
}

func (x *index) saveDefinition(b *batch, key definitionKey) {
	d := x.defined[key]
	d.changed = false
	if !d.deleted {
		v := le.AppendUint64(nil, d.order)
		b.put(key.state(), append(v, d.value...), &d.hash)
		d.value, d.stored = nil, true
		return
	}
	if d.stored {
		b.remove(key.state(), &d.hash)
	}
	delete(x.defined, key)
}

// saveQueues writes queues that have changed, many in one transaction. Each is
// written as it is at that moment.
func (s *durable) saveQueues(queues []*queueIndex) error {
	for len(queues) > 0 {
		b := s.newBatch()
		var large *queueState
		for len(queues) > 0 && b.size < s.checkpoints.batch && large == nil {
			large = s.index.saveQueue(b, queues[0], s.checkpoints.batch)
			queues = queues[1:]
		}
		if err := s.commitQueues(b); err != nil {
			return err
		}
		if large != nil {
			if err := s.saveLarge(large); err != nil {
				return err
			}
		}
	}
	return nil
}

// commitQueues ends a transaction that has saved queues.
func (s *durable) commitQueues(b *batch) error {
	if err := s.commitBatch(b); err != nil {
		return err
	}
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	s.index.written(b.saved)
	return nil
}

// saveQueue adds a queue, as it is now, to a transaction. If that is more than
// most, nothing is added and the queue's state is returned.
func (x *index) saveQueue(b *batch, q *queueIndex, most int) (large *queueState) {
	x.mu.Lock()
	defer x.unlock()
	if x.queues[q.id] != q {
		// It has ended meanwhile: saveEnded sees to it.
		return nil
	}
	state := q.snapshot(x.applied)
	x.unsavedSeen.Store(int64(x.unsaved))
	if state.size > most {
		return &state
	}
	b.add(state.pages...)
	b.add(state.old...)
	b.saved = append(b.saved, state.saved...)
	x.settle(state.deltas)
	q.putRecord(b, state.record)
	return nil
}

// putRecord writes the queue's record. Called with the index locked.
func (q *queueIndex) putRecord(b *batch, record []byte) {
	b.put(stateKey(keyQueue, q.id), record, &q.hash)
	q.stored = true
}

// removeRecord removes the queue's record. Called with the index locked.
func (q *queueIndex) removeRecord(b *batch) {
	if q.stored {
		b.remove(stateKey(keyQueue, q.id), &q.hash)
		q.stored = false
	}
}

// saveLarge writes a queue whose changes do not fit into one transaction. Its
// new pages are named by nothing until the record is written, its old ones by
// nothing afterwards; the sweep mark says that there may be such.
func (s *durable) saveLarge(state *queueState) error {
	mark := stateKey(keySweep, state.queue.id)
	first := []change{{key: mark, value: seal(mark, nil)}}
	if err := s.commitAll(append(first, state.pages...)); err != nil {
		return err
	}
	if err := s.saveRecord(state); err != nil {
		return err
	}
	return s.commitAll(append(state.old, change{key: mark, deleted: true}))
}

// saveRecord writes a queue's record and what goes with it.
func (s *durable) saveRecord(state *queueState) error {
	x := s.index
	b := s.newBatch()
	x.mu.Lock()
	x.settle(state.deltas)
	state.queue.putRecord(b, state.record)
	x.mu.Unlock()
	b.saved = state.saved
	return s.commitQueues(b)
}

// saveEnded removes queues that have ended from Badger.
func (s *durable) saveEnded() error {
	for {
		b := s.newBatch()
		var large *queueState
		more := true
		for more && b.size < s.checkpoints.batch && large == nil {
			large, more = s.index.saveEnd(b, s.checkpoints.batch)
		}
		if err := s.commitBatch(b); err != nil {
			return err
		}
		if large != nil {
			if err := s.bury(large); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
	}
}

// saveEnd adds the removal of one queue that has ended to a transaction. If
// that is more than most, nothing is added and the queue's state is returned.
// more is false if no queue has ended.
func (x *index) saveEnd(b *batch, most int) (large *queueState, more bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.ended) == 0 {
		return nil, false
	}
	q := x.ended[0]
	x.ended = x.ended[1:]
	state := q.ending()
	if state.size > most {
		return &state, true
	}
	b.add(state.old...)
	x.settle(state.deltas)
	q.removeRecord(b)
	return nil, true
}

// bury removes a queue with many pages: first its record becomes a tombstone,
// then the pages go, then the tombstone.
func (s *durable) bury(state *queueState) error {
	if err := s.saveRecord(state); err != nil {
		return err
	}
	if err := s.commitAll(state.old); err != nil {
		return err
	}
	b := s.newBatch()
	s.index.mu.Lock()
	state.queue.removeRecord(b)
	s.index.mu.Unlock()
	return s.commitBatch(b)
}

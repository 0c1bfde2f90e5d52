package store

// versionWithSums is the version of an index that has the sums of each segment as
// values of their own. They are what the records of queues say anyway, and all that
// a queue changed in them had to go with its record in one transaction: too much,
// once a queue had messages in thousands of segments.
const versionWithSums = 3

// formerPage is in the number of a page that was written before version 5, which
// had the pages of a queue under keys beside each other. They go as they change.
const formerPage = 1 << 63

// formerSum is a value of version 3 that is to go: its key, and what it adds to
// the sum over all values.
type formerSum struct {
	key  []byte
	hash uint64
}

func (l *stateLoader) readFormer(key, _ []byte, hash uint64) error {
	l.former = append(l.former, formerSum{key, hash})
	return nil
}

// removeFormer removes what an older program has left. A start that finds some of
// it goes on with that.
func (s *durable) removeFormer(former []formerSum) error {
	for len(former) > 0 {
		b := s.newBatch()
		for len(former) > 0 && b.size < s.checkpoints.batch {
			b.remove(former[0].key, &former[0].hash)
			former = former[1:]
		}
		if err := s.commitBatch(b); err != nil {
			return err
		}
	}
	return nil
}

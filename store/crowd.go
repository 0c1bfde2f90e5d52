package store

import (
	"fmt"
	"slices"
)

const (
	// Changed pages are all of the index that Badger does not have, and that
	// must be in memory. A queue that has so many bytes of them is written
	// without waiting for the checkpoint, and all queues are if together they
	// have so many.
	crowdQueue = 1 << 20
	crowdAll   = 16 << 20
	// crowdSums is how much of it may be what they have changed in the sums. A drain
	// of many queues has little else, and one save is good for gigabytes.
	crowdSums = 4 << 20
	// crowdMost is what slows publishers until that is done.
	crowdMost = 64 << 20
)

// noteUnsaved lets others know how much is unsaved. Called with the index
// locked.
func (x *index) noteUnsaved() {
	if x.volatile {
		return
	}
	x.unsavedSeen.Store(int64(x.unsaved))
	if x.overfull() {
		x.crowded.Store(true)
	}
}

// overfull says that all queues are to be written early.
func (x *index) overfull() bool { return x.unsaved >= x.crowdAll || x.deltas*sumMemory >= crowdSums }

// takeCrowd returns the queues that are to be written early. They count as
// unchanged from then on.
func (x *index) takeCrowd() []*queueIndex {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.crowded.Store(false)
	all := x.overfull()
	var crowd []*queueIndex
	x.changed = slices.DeleteFunc(x.changed, func(q *queueIndex) bool {
		if q.unsaved == 0 || !all && q.unsaved < x.crowdQueue {
			return false
		}
		crowd = append(crowd, q)
		return true
	})
	return crowd
}

// saveCrowd writes queues with many changed pages, as they are now: it is no
// checkpoint, the log is still needed as far back as before.
func (s *durable) saveCrowd() error {
	if err := s.saveQueues(s.index.takeCrowd()); err != nil {
		return fmt.Errorf("store: write large queues: %w", err)
	}
	s.makeRoom(0)
	return nil
}

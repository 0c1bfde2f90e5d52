package session

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// MaxBusyWait is far longer than any core takes to wake. A reader that looks does not
// see that its session is to end.
const MaxBusyWait = 10 * time.Millisecond

const (
	// acquaintances is how many connections a round trip may go over: those of a
	// client and of a server, which may each have one to publish and one to consume.
	acquaintances = 4
	// maxReluctance is how many waits in a row go by without a look after looks that
	// were for nothing.
	maxReluctance = 1023
)

// busyWait keeps a core awake for peers that answer at once: a core that has gone
// to sleep takes longer to wake than to carry a message on. A reader that has
// nothing more to do looks for a while whether something has come, on whichever
// connection, before it waits. It does so only while no other reader is at work, and
// as long as that pays: each look that was for nothing doubles the number of waits
// that do without. Any goroutine may use it; nil never looks.
type busyWait struct {
	span   atomic.Int64 // how long to look, in nanoseconds; 0 is not at all
	atWork atomic.Int64 // readers that do not wait

	opening sync.Once
	poll    atomic.Pointer[arrivals] // what comes on watched sockets; nil before the first

	looking atomic.Bool
	// Owned by the reader that is looking.
	doubt
	known  [acquaintances]uintptr // where something came from lately
	oldest int                    // of known
}

// join counts one more reader, which is at work, and watches its socket if there is
// anybody who looks.
func (b *busyWait) join(s *socket) {
	if b == nil {
		return
	}
	b.atWork.Add(1)
	if s.raw == nil || b.span.Load() == 0 {
		return
	}
	b.opening.Do(func() { b.poll.Store(openArrivals()) })
	if poll := b.poll.Load(); poll != nil {
		// Without being watched it is only served less quickly.
		_ = s.raw.Control(poll.add)
	}
}

// leave takes the reader back.
func (b *busyWait) leave(s *socket) {
	if b == nil {
		return
	}
	if poll := b.poll.Load(); poll != nil && s.raw != nil {
		// The only errors are that it is not watched, or closed and so not watched either.
		_ = s.raw.Control(poll.remove)
	}
	b.atWork.Add(-1)
}

// close is called when all readers have left.
func (b *busyWait) close() {
	if b == nil {
		return
	}
	if poll := b.poll.Swap(nil); poll != nil {
		poll.close()
	}
}

// rest is called by a reader before it waits, resume when it has.
func (b *busyWait) rest() {
	if b != nil {
		b.atWork.Add(-1)
	}
}

func (b *busyWait) resume() {
	if b != nil {
		b.atWork.Add(1)
	}
}

// look is called by a reader that is about to wait for something to come on fd, and
// reports whether it has.
func (b *busyWait) look(fd uintptr) bool {
	if b == nil || b.span.Load() == 0 || b.atWork.Load() > 1 {
		return false
	}
	poll := b.poll.Load()
	if poll == nil || !b.looking.CompareAndSwap(false, true) {
		return false
	}
	defer b.looking.Store(false)
	if b.skips() {
		return false
	}
	from, came := b.await(poll)
	switch {
	case !came:
	case slices.Contains(b.known[:], from):
		b.judge(true, maxReluctance)
		return from == fd
	default:
		// It was no answer, or the first of its kind.
		b.known[b.oldest] = from
		b.oldest = (b.oldest + 1) % acquaintances
	}
	b.judge(false, maxReluctance)
	return came && from == fd
}

// forget is called by a reader that has had more to read without a wait: what comes on
// fd is no answer.
func (b *busyWait) forget(fd uintptr) {
	if b == nil || !b.looking.CompareAndSwap(false, true) {
		return
	}
	if i := slices.Index(b.known[:], fd); i >= 0 {
		b.known[i] = 0
	}
	b.looking.Store(false)
}

// await looks until something has come, and says where, or it has been long enough.
func (b *busyWait) await(poll *arrivals) (from uintptr, came bool) {
	for end := time.Now().Add(time.Duration(b.span.Load())); b.atWork.Load() == 1; {
		if from, came = poll.next(); came || !time.Now().Before(end) {
			return from, came
		}
	}
	return 0, false
}

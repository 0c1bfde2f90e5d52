package queue

import (
	"testing"

	"github.com/lepusmq/lepus/store"
)

// TestWindow checks what a queue may have, by what is left.
func TestWindow(t *testing.T) {
	const limit = 1 << 20
	for _, s := range []struct {
		used, chunks, has int64
		consumed          bool
		want, alone       int64
	}{
		{0, 0, 0, false, limit / 2, 0},
		{limit / 2, 0, 0, false, limit / 4, 0},
		{limit / 2, 0, limit / 2, false, limit / 2, 0}, // it is the only one
		{limit, 0, limit / 4, false, limit / 8, 0},
		{limit, 0, 0, true, leastWindow, 0},
		{limit, 0, 0, false, 1, 0},
		// Few bytes of messages that many chunks are kept for.
		{limit / 4, chunkShare*limit - limit/2, 0, false, limit / 4, 0},
		{limit / 4, chunkShare * limit, limit / 4, true, leastWindow, 0},
		{limit / 4, 3 * chunkShare * limit, limit / 4, false, 1, 0},
		{limit / 4, 3 * chunkShare * limit, limit / 4, false, limit / 2, 3 * chunkShare * limit}, // they hold what is unacked
	} {
		b := &Budget{limit: limit, chunks: func() int64 { return s.chunks }}
		b.used.Store(s.used)
		b.alone.Store(s.alone)
		if got := b.window(s.has, s.consumed); got != s.want {
			t.Errorf("%+v: %d", s, got)
		}
	}
}

// TestUnackedShare checks what a queue may have of messages that nobody keeps.
func TestUnackedShare(t *testing.T) {
	const most = 1 << 20
	for _, s := range []struct{ alone, has, want int64 }{
		{0, 0, most / 2},
		{most / 2, most / 2, most / 2}, // it is the only one
		{most / 2, 0, most / 4},
		{2 * most, most / 4, leastAlone},
	} {
		b := &Budget{mostAlone: most}
		b.alone.Store(s.alone)
		if got := b.unacked(s.has); got != s.want {
			t.Errorf("%+v: %d", s, got)
		}
	}
	if got := new(Budget).unacked(0); got != 0 {
		t.Errorf("a budget without bounds allows %d", got)
	}
}

func TestBudgetOfMemory(t *testing.T) {
	for memory, want := range map[int64]struct{ windows, alone, mailboxes int64 }{
		0:       {defaultBudget, defaultAlone, defaultMailboxes},
		1 << 40: {defaultBudget, defaultAlone, defaultMailboxes},
		1 << 26: {1 << 26 / budgetShare, 1 << 26 / budgetShare, 1 << 26 / budgetShare},
	} {
		if b := NewBudget(memory); b.mostAlone != want.alone || b.limit != want.windows || b.chunks == nil || b.mailboxes*loadUnit != want.mailboxes {
			t.Errorf("%d: %+v", memory, b)
		}
	}
}

// slowPart has messages that cannot be read before it is released.
type slowPart struct {
	store.Queue
	asked    chan int
	released chan bool
}

func (p *slowPart) NextSeq() uint64              { return 1001 }
func (p *slowPart) Stock() (store.Range, int)    { return store.Range{First: 1, Last: 1000}, 1000 }
func (p *slowPart) Kept() uint64                 { return 1000 }
func (p *slowPart) Mortal() bool                 { return false }
func (p *slowPart) Settle([]uint64)              {}
func (p *slowPart) SettleBelow(uint64, []uint64) {}

func (p *slowPart) Load(ranges []store.Range, limit int) ([]store.Stored, uint64) {
	p.asked <- limit
	<-p.released
	return nil, ranges[len(ranges)-1].Last
}

// TestWhatIsReadCounts has the consumers of many queues come while nothing can
// be read: together the queues do not ask for more than there is for them.
func TestWhatIsReadCounts(t *testing.T) {
	const queues = 100
	b := &Budget{limit: 16 << 20}
	part := &slowPart{asked: make(chan int, queues), released: make(chan bool)}
	for range queues {
		q := New(Config{Name: "q", Store: part, Budget: b})
		q.Recover(nil)
		q.Consume(&Consumer{Holder: Sink(new(sink))}, func(error) {})
		defer q.Close()
	}
	defer close(part.released)
	total := 0
	for range queues {
		total += <-part.asked
	}
	if int64(total) > b.limit || b.Used() != int64(total) {
		t.Errorf("%d bytes were asked for, %d are counted, of %d", total, b.Used(), b.limit)
	}
}

package fifo

import (
	"cmp"
	"fmt"
	"slices"
)

// afterlife is what the model knows of a message beside where it is.
type afterlife struct {
	expires int64
	due     int64 // it waits until then; 0 is not at all
	turn    int   // its place among those that came back; 0 if it did not
	died    int   // in which order, from 1 on; 0 is not
	why     Reason
}

// life is the model of time and rules.
type life struct {
	rules   *Rules
	now     int64
	turns   int
	deaths  int
	tallied []tallied
}

// waits says that a message is ready.
func (m *modelMessage) waits() bool { return m.holder == nil && m.due == 0 && m.died == 0 }

// rule gives the queue rules of all kinds, or none.
func (h *history) rule() {
	h.life.now = 1
	h.m.At(1)
	if h.r.IntN(3) == 0 {
		return
	}
	either := func(n int64) int64 {
		if h.r.IntN(2) == 0 {
			return -1
		}
		return h.r.Int64N(n)
	}
	h.life.rules = &Rules{
		MaxLength: either(20), MaxBytes: either(3000), DeliveryLimit: either(4),
		Tallied: h.r.IntN(2) == 0, InTurn: h.r.IntN(2) == 0,
		Retry: Retry{On: RetryType(h.r.IntN(4)), Min: 1 + h.r.Int64N(10), Max: 25},
	}
	h.m.Rule(h.life.rules)
}

// deadline is when a new message expires, if it does.
func (h *history) deadline() int64 {
	if h.r.IntN(3) > 0 {
		return 0
	}
	h.m.Mortal()
	return h.life.now + h.r.Int64N(30)
}

// age lets time pass.
func (h *history) age() {
	l := &h.life
	l.now += 1 + h.r.Int64N(20)
	h.m.At(l.now)
	var ripe []*modelMessage
	for i := range h.o.messages {
		if m := &h.o.messages[i]; m.due != 0 && m.due <= l.now {
			ripe = append(ripe, m)
		}
	}
	slices.SortFunc(ripe, func(a, b *modelMessage) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.seq, b.seq)) })
	for _, m := range ripe {
		h.makeReady(m)
	}
}

func (h *history) makeReady(m *modelMessage) {
	m.due, m.turn = 0, int(m.seq)
	if r := h.life.rules; r != nil && r.InTurn {
		h.life.turns++
		m.turn = h.life.turns
	}
}

// giveBack has a message come back from who had it.
func (h *history) giveBack(m *modelMessage, failed bool) {
	l := &h.life
	m.holder, m.by, m.slot = nil, nil, 0
	m.count |= 1
	if failed {
		m.count += 2
	}
	r := l.rules
	if r == nil {
		h.makeReady(m)
		return
	}
	failures := int64(m.count >> 1)
	waits := r.On == RetryAll || r.On == RetryFailed && failed || r.On == RetryReturned && !failed
	switch {
	case failed && r.DeliveryLimit >= 0 && failures > r.DeliveryLimit:
		h.die(m, DeliveryLimit)
	case waits:
		m.due = l.now + min(r.Min*max(failures, 1), r.Max)
	default:
		h.makeReady(m)
	}
	if (failed || m.due != 0) && r.Tallied && h.disk.has[m.seq] == Store {
		l.tallied = append(l.tallied, tallied{m.lane, m.seq, m.count, m.due})
	}
}

func (h *history) die(m *modelMessage, why Reason) {
	h.life.deaths++
	m.holder, m.by, m.slot = nil, nil, 0
	m.died, m.why = h.life.deaths, why
}

func (h *history) reject(m *modelMessage) {
	if !h.m.Reject(m.slot, m.seq) {
		panic(fmt.Sprintf("%d was not there to be rejected", m.seq))
	}
	h.die(m, Rejected)
}

// waiting is how many messages are ready.
func (h *history) waiting() (n int) {
	for i := range h.o.messages {
		if h.o.messages[i].waits() {
			n++
		}
	}
	return n
}

// tooLong says whether the queue should be shorter, as far as it can know.
func (h *history) tooLong() bool {
	r := h.life.rules
	if r == nil {
		return false
	}
	return r.MaxLength >= 0 && int64(h.waiting()+h.m.Delayed()) > r.MaxLength ||
		r.MaxBytes >= 0 && h.m.BodyBytes() > r.MaxBytes
}

// reap takes the dead out, as a queue does, and says whether there were some.
func (h *history) reap() bool {
	n := len(h.o.messages)
	var i Item
	for h.m.Expire(&i) {
		h.gone(&i, h.o.ready(), i.Expires != 0 && i.Expires <= h.life.now)
	}
	for h.m.Drop(&i) {
		h.goneTooLong(&i)
	}
	for h.r.IntN(3) > 0 {
		whole := h.r.IntN(4) > 0
		why, ok := h.m.Dead(&i, whole)
		if !ok {
			break
		}
		first := h.firstDead()
		h.gone(&i, first, why == first.why && i.Count == first.count)
	}
	h.m.Tallied(func(lane uint8, seq uint64, t Tally, due int64) {
		if l := &h.life; len(l.tallied) == 0 || l.tallied[0] != (tallied{lane, seq, t, due}) {
			panic(fmt.Sprintf("%d has tally %d, want %v", seq, t, l.tallied))
		}
		h.life.tallied = h.life.tallied[1:]
	})
	h.m.Calm()
	return len(h.o.messages) < n
}

func (h *history) goneTooLong(i *Item) {
	first := h.o.ready()
	// What was dropped is not counted any more.
	r := h.life.rules
	long := r.MaxLength >= 0 && int64(h.waiting()+h.m.Delayed()) > r.MaxLength ||
		r.MaxBytes >= 0 && h.m.BodyBytes()+int64(first.body) > r.MaxBytes
	h.gone(i, first, long)
}

func (h *history) firstDead() *modelMessage {
	var first *modelMessage
	for at := range h.o.messages {
		if m := &h.o.messages[at]; m.died > 0 && (first == nil || m.died < first.died) {
			first = m
		}
	}
	return first
}

// gone checks and forgets a message that has left dead.
func (h *history) gone(i *Item, want *modelMessage, right bool) {
	if want == nil || i.Seq != want.seq || !right {
		panic(fmt.Sprintf("%d died, count %d, expires %d at %d; want %+v", i.Seq, i.Count, i.Expires, h.life.now, want))
	}
	h.remove(i.Seq)
}

// checkLife compares what the rules have counted.
func (h *history) checkLife() error {
	dying, delayed, bytes := 0, 0, int64(0)
	for i := range h.o.messages {
		switch m := &h.o.messages[i]; {
		case m.died > 0:
			dying++
		case m.due > 0:
			delayed++
		case m.waits():
			bytes += int64(m.body)
		}
	}
	if h.m.Dying() != dying || h.m.Delayed() != delayed {
		return fmt.Errorf("%d dying, %d delayed; want %d, %d", h.m.Dying(), h.m.Delayed(), dying, delayed)
	}
	if n := h.m.BodyBytes(); n > bytes || n < bytes && !slices.ContainsFunc(h.m.allReturned(), func(f ref) bool { return !f.resident() }) {
		return fmt.Errorf("bodies of %d bytes, want %d", n, bytes)
	}
	if len(h.life.tallied) > 0 {
		return fmt.Errorf("no tally of %v", h.life.tallied)
	}
	if h.tooLong() && h.waiting() > 0 && !h.m.Absent() {
		return fmt.Errorf("too long: %d messages, %d bytes", h.waiting(), h.m.BodyBytes())
	}
	if h.tooLong() && h.waiting() > 0 && !h.m.Hungry() && !h.disk.asked {
		return fmt.Errorf("too long, and what should go is not asked for")
	}
	return nil
}

// allReturned is the ready messages that were delivered before.
func (m *Machine) allReturned() (all []ref) {
	for l := range m.eachLane {
		all = slices.AppendSeq(all, l.former)
	}
	return all
}

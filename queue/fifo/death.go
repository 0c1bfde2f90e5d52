package fifo

import (
	"cmp"
	"slices"

	"github.com/lepusmq/lepus/store"
)

// Reason is why a message died.
type Reason uint8

// The reasons, as RabbitMQ knows them.
const (
	Rejected Reason = iota
	Expired
	MaxLen
	DeliveryLimit
)

// String is the reason's name in x-death.
func (r Reason) String() string {
	return [...]string{"rejected", "expired", "maxlen", "delivery_limit"}[r]
}

// dying is a message that is dead and was not taken out yet.
type dying struct {
	ref
	reason Reason
}

// Reject ends an unacked message that nobody wants: it is dying, until
// [Machine.Dead] takes it. It reports false when the slot holds another message
// or none.
func (m *Machine) Reject(at Slot, seq uint64) bool {
	f, ok := m.slots.take(at, seq)
	if !ok {
		return false
	}
	c := m.owners.table[f.owner]
	m.unhold(&f)
	m.doom(f, Rejected)
	m.credit(c)
	return true
}

// Doom takes a message that dies before it was in the queue.
func (m *Machine) Doom(i *Item, why Reason) { m.doom(m.residents.keep(i, 0, true), why) }

func (m *Machine) doom(f ref, why Reason) {
	f.owner = 0
	m.residents.settle(&f, 0)
	m.dying = append(m.dying, dying{f, why})
}

// Dying is how many messages are dead and were not taken out yet.
func (m *Machine) Dying() int { return len(m.dying) }

// Dead moves the message that died first to where it is wanted. If whole is set
// it must be in memory; otherwise only its Seq, Count and Kept may be known.
func (m *Machine) Dead(to *Item, whole bool) (why Reason, ok bool) {
	if len(m.dying) == 0 || whole && !m.dying[0].resident() {
		return 0, false
	}
	d := m.dying[0]
	m.residents.take(&d.ref, to)
	m.exhumed = max(0, m.exhumed-1)
	if m.dying = m.dying[1:]; len(m.dying) == 0 {
		m.dying = nil
	}
	return d.reason, true
}

// wantDying asks for the first of the dying messages, as far as they are of one
// lane.
func (m *Machine) wantDying(w *Want) bool {
	n := 0
	for n < min(len(m.dying), maxWanted) && !m.dying[n].resident() {
		lane, _ := m.residents.place(&m.dying[n].ref)
		if n > 0 && lane != w.Lane {
			break
		}
		w.Lane = lane
		n++
	}
	if n == 0 {
		return false
	}
	w.dying, m.exhumed = true, n
	for _, k := range [...]Keeper{Store, Overflow} {
		var seqs []uint64
		for at := range m.dying[:n] {
			if i := m.dying[at].item(); i.Kept == k {
				seqs = append(seqs, i.Seq)
			}
		}
		slices.Sort(seqs)
		w.Ranges[k] = rangesOf(seqs)
	}
	return true
}

// rangesOf returns the ranges of numbers that rise.
func rangesOf(seqs []uint64) (ranges []store.Range) {
	for _, seq := range seqs {
		if n := len(ranges); n > 0 && ranges[n-1].Last+1 == seq {
			ranges[n-1].Last = seq
		} else {
			ranges = append(ranges, store.Range{First: seq, Last: seq})
		}
	}
	return ranges
}

// restoreDying takes what was read of the dying messages. Those that are not
// there any more are gone.
func (m *Machine) restoreDying(items []Item, upTo uint64) {
	asked, others := m.dying[:m.exhumed], m.dying[m.exhumed:]
	kept := asked[:0]
	for _, d := range asked {
		n, found := slices.BinarySearchFunc(items, d.seq, func(i Item, seq uint64) int { return cmp.Compare(i.Seq, seq) })
		switch {
		case found:
			items[n].Count = d.item().Count
			d.ref = m.residents.keep(&items[n], 0, true)
		case d.seq <= upTo:
			continue
		}
		kept = append(kept, d)
	}
	m.dying = append(kept, others...)
}

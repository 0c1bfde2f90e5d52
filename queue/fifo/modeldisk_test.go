package fifo

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lepusmq/lepus/store"
)

// disk is what the keepers of the model have.
type disk struct {
	has     map[uint64]Keeper
	lanes   map[uint64]uint8
	given   [256][keepers]uint64 // the highest that each was given, by lane
	written [256][keepers]uint64
	asked   bool
	want    Want
}

// publish adds a message, of a size, that the store keeps or nobody does.
func (h *history) publish() {
	h.seq += 1 + uint64(h.r.IntN(2))
	body := h.r.IntN(200)
	i := Item{Seq: h.seq, Message: store.Adopt(make([]byte, body), 0, 0), Lane: h.main}
	i.Expires = h.deadline()
	if h.r.IntN(2) == 0 {
		i.Lane += uint8(h.r.IntN(int(h.priorities)))
	}
	h.disk.lanes[h.seq] = i.Lane
	if h.r.IntN(2) == 0 {
		i.Kept = Store
		h.disk.has[h.seq] = Store
		h.disk.given[i.Lane][Store] = h.seq
	}
	h.m.Publish(i)
	h.o.messages = append(h.o.messages, modelMessage{
		seq: h.seq, lane: i.Lane, body: body, afterlife: afterlife{expires: i.Expires},
	})
}

func (h *history) remove(seq uint64) {
	h.o.remove(seq)
	delete(h.disk.has, seq)
}

// purge removes what is ready, from the keepers as a queue does.
func (h *history) purge() {
	want := h.waiting() + h.m.Delayed()
	n := h.m.Purge(func(*Item) {}, h.settleBelow)
	if n != want {
		panic(fmt.Sprintf("purged %d, want %d", n, want))
	}
	h.o.messages = slices.DeleteFunc(h.o.messages, func(m modelMessage) bool { return m.holder == nil && m.died == 0 })
	for seq := range h.disk.has {
		if !slices.ContainsFunc(h.o.messages, func(m modelMessage) bool { return m.seq == seq }) {
			panic(fmt.Sprintf("%d is left with its keeper", seq))
		}
	}
}

// settleBelow has the keepers forget all messages of a lane below a number that
// are neither unacked nor dying.
func (h *history) settleBelow(lane uint8, below uint64) {
	left := map[uint64]bool{}
	for _, k := range [...]Keeper{Store, Overflow} {
		for _, seq := range h.m.Unsettled(lane, k) {
			if h.disk.has[seq] != k || h.disk.lanes[seq] != lane {
				panic(fmt.Sprintf("%d is with keeper %d, not %d", seq, h.disk.has[seq], k))
			}
			left[seq] = true
		}
	}
	for seq := range h.disk.has {
		if h.disk.lanes[seq] == lane && seq < below && !left[seq] {
			delete(h.disk.has, seq)
		}
	}
}

// page moves messages out of memory, or back.
func (h *history) page() {
	d := &h.disk
	h.m.Window([]int64{0, 500, 2000}[h.r.IntN(3)])
	h.m.Allow([]int64{0, 300, 1500}[h.r.IntN(3)])
	for l := range h.m.eachLane {
		given, written := &d.given[l.priority], &d.written[l.priority]
		for k := range written {
			written[k] += uint64(h.r.Int64N(int64(given[k]-written[k]) + 1))
		}
		h.m.Written(l.priority, written[Store], written[Overflow])
	}
	spills := h.r.IntN(4) > 0
	if h.m.Over() {
		h.m.Shrink(func(i *Item) bool {
			if spills {
				if i.Seq <= d.given[i.Lane][Overflow] {
					panic(fmt.Sprintf("%d is spilled after %d", i.Seq, d.given[i.Lane][Overflow]))
				}
				i.Kept = Overflow
				d.has[i.Seq] = Overflow
				d.given[i.Lane][Overflow] = i.Seq
			}
			return spills
		}, func(i *Item) {
			if k := d.has[i.Seq]; k != i.Kept || i.Lane != d.lanes[i.Seq] || i.Seq > d.written[i.Lane][k] {
				panic(fmt.Sprintf("%d left memory for keeper %d, which has written up to %d", i.Seq, k, d.written[i.Lane][k]))
			}
		})
	}
	if d.asked {
		h.answer()
	} else if h.r.IntN(2) == 0 {
		d.want, d.asked = h.m.Fetch()
	}
}

// answer reads what was wanted, or the beginning of it.
func (h *history) answer() {
	d := &h.disk
	d.asked = false
	last, n := uint64(0), 1+h.r.IntN(6)
	var items []Item
	for _, seq := range slices.Sorted(maps.Keys(d.has)) {
		for _, in := range d.want.Ranges[d.has[seq]] {
			if d.lanes[seq] == d.want.Lane && seq >= in.First && seq <= in.Last {
				m := h.o.find(seq)
				i := Item{Seq: seq, Kept: d.has[seq], Message: store.Adopt(make([]byte, m.body), 0, 0)}
				i.Expires = m.expires
				items = append(items, i)
			}
		}
	}
	for _, list := range d.want.Ranges {
		for _, in := range list {
			last = max(last, in.Last)
		}
	}
	if len(items) > n {
		items = items[:n]
		last = items[n-1].Seq
	}
	due := h.postponed(items)
	left := make(map[uint64]bool)
	if h.m.Restore(&d.want, &Read{Items: items, UpTo: last, Due: due}, func(i *Item) { left[i.Seq] = true }) {
		for seq, at := range due {
			h.o.find(seq).due = at
		}
	}
	for seq := range left {
		if due[seq] == 0 {
			panic(fmt.Sprintf("%d was left to its keeper", seq))
		}
	}
}

// postponed makes some messages of the store such as waited before a restart.
func (h *history) postponed(items []Item) map[uint64]int64 {
	if !h.disk.want.gap || h.r.IntN(4) > 0 {
		return nil
	}
	due := make(map[uint64]int64)
	for at := range items {
		if i := &items[at]; i.Kept == Store && h.r.IntN(2) == 0 {
			due[i.Seq] = h.life.now + 1 + h.r.Int64N(20)
		}
	}
	return due
}

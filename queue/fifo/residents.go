package fifo

// ref is a message that was delivered: it is unacked, or ready again. The
// message is in memory, or only its keeper has it.
type ref struct {
	seq uint64
	// owner is the consumer that has the message; 0 if nobody has.
	owner ownerID
	// where is the message's place among the residents, if it is in memory
	// (low bit 1). Otherwise it is the message's tally, with its keeper (bit 1) and its lane.
	where uint32
}

const (
	inMemory  = 1
	inSpill   = 2
	whereBits = 2
	countBits = whereBits + 8 // for the lane
	maxTally  = 1<<(32-countBits) - 1
)

func (r *ref) resident() bool { return r.where&inMemory != 0 }

// item is what is known of a message that is not in memory.
func (r *ref) item() Item {
	i := Item{Seq: r.seq, Count: Tally(r.where >> countBits), Lane: uint8(r.where >> whereBits), Kept: Store}
	if r.where&inSpill != 0 {
		i.Kept = Overflow
	}
	return i
}

// residents are the delivered messages that are in memory.
type residents struct {
	items []Item
	slots []Slot // of each item, 0 if it is ready again
	free  []uint32
	bytes int64 // what those cost that somebody keeps
	alone int64 // and those that nobody does
	swept int   // where the next sweep begins
	idle  int   // how many were looked at since one has left
}

// count adds what an item costs, or takes it away.
func (r *residents) count(i *Item, sign int64) {
	if i.Kept == Nobody {
		r.alone += sign * i.cost()
	} else {
		r.bytes += sign * i.cost()
	}
}

// keep makes a ref of a message. If stay is false, the message is left to its
// keeper.
func (r *residents) keep(i *Item, owner ownerID, stay bool) ref {
	f := ref{seq: i.Seq, owner: owner}
	if !stay {
		f.where = away(i)
		return f
	}
	at := uint32(len(r.items))
	if n := len(r.free); n > 0 {
		at, r.free = r.free[n-1], r.free[:n-1]
		r.items[at] = *i
	} else {
		r.items, r.slots = append(r.items, *i), append(r.slots, 0)
	}
	r.count(i, 1)
	f.where = at<<whereBits | inMemory
	return f
}

// away says where a message is that only its keeper has.
func away(i *Item) uint32 {
	where := uint32(min(i.Count, maxTally))<<countBits | uint32(i.Lane)<<whereBits
	if i.Kept == Overflow {
		where |= inSpill
	}
	return where
}

// settle notes in which slot a message is, if it is in memory.
func (r *residents) settle(f *ref, at Slot) {
	if f.resident() {
		r.slots[f.where>>whereBits] = at
	}
}

// tally notes that a message has come back, and returns how often it has.
func (r *residents) tally(f *ref, failed bool) Tally {
	if f.resident() {
		i := r.get(f)
		i.Count = i.Count.returned(failed)
		return i.Count
	}
	t := Tally(f.where >> countBits).returned(failed)
	f.where = f.where&(1<<countBits-1) | uint32(t)<<countBits
	return t
}

// sweep looks at some of the items, others each time, and leaves those to
// their keepers that leave says, for as long as they cost more than most. It
// reports whether there may be more of them: not if none has left since all were
// looked at.
func (r *residents) sweep(s *slots, most int64, leave func(*Item) bool, release func(*Item)) (more bool) {
	for range min(sweepLen, len(r.items)) {
		if r.bytes <= most {
			return false
		}
		if r.swept >= len(r.items) {
			r.swept = 0
		}
		i, at := &r.items[r.swept], r.slots[r.swept]
		r.swept++
		r.idle++
		if i.Seq == 0 || at == 0 || !leave(i) {
			continue
		}
		f := s.get(at)
		var item Item
		r.take(&f, &item)
		f.where = away(&item)
		s.set(at, f)
		release(&item)
		r.idle = 0
	}
	if r.idle < len(r.items) {
		return true
	}
	r.idle = 0
	return false
}

// sweepLen is how many items a sweep looks at: as many as two turns of a strand
// can deliver.
const sweepLen = 1280

// keepItems is how many items an empty table of them is kept for.
const keepItems = 4096

// get returns what the table has of a resident message.
func (r *residents) get(f *ref) *Item { return &r.items[f.where>>whereBits] }

// place says in which lane a message is, and who keeps it.
func (r *residents) place(f *ref) (lane uint8, kept Keeper) {
	if f.resident() {
		i := r.get(f)
		return i.Lane, i.Kept
	}
	i := f.item()
	return i.Lane, i.Kept
}

// one calls f for the message of a ref.
func (r *residents) one(e *ref, f func(*Item)) {
	if e.resident() {
		f(r.get(e))
		return
	}
	i := e.item()
	f(&i)
}

// take ends a ref and moves its message, or what is known of it, to where it
// is wanted.
func (r *residents) take(f *ref, to *Item) {
	if !f.resident() {
		*to = f.item()
		return
	}
	at := f.where >> whereBits
	*to = r.items[at]
	r.items[at] = Item{}
	r.slots[at] = 0
	r.count(to, -1)
	if r.free = append(r.free, at); len(r.free) == len(r.items) && len(r.items) > keepItems {
		r.items, r.slots, r.free = nil, nil, nil
	}
}

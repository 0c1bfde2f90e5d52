package fifo

import (
	"errors"
	"slices"
)

// ErrExclusive refuses a consumer: the queue has an exclusive one, or the new
// one wants to be exclusive and is not alone.
var ErrExclusive = errors.New("fifo: queue in exclusive use")

// Machine is the state of one queue. The zero Machine is empty and ready. It
// belongs to one goroutine at a time.
type Machine struct {
	line      line
	returned  returned
	residents residents // of returned and slots
	slots     slots
	owners    owners
	consumers []*Consumer
	round     round
	newest    uint64 // the highest Seq published
	paging
}

// Delivery is a message on its way to a consumer or a getter.
type Delivery struct {
	// Consumer gets the message; nil when it was fetched with Get.
	Consumer *Consumer
	// Slot is where the message waits to be settled; 0 when it need not be.
	Slot Slot
	// Left says that from here on only its keeper has the message: its memory
	// is to be given back once it was delivered.
	Left bool
	Item
}

// Lend gives the machine memory to use and to leave, until it is called with
// nil.
func (m *Machine) Lend(b *Blocks) { m.line.blocks = b }

// Ready is the number of messages that wait for a consumer.
func (m *Machine) Ready() int { return m.line.len() + len(m.returned) + len(m.awaited) }

// Unacked is the number of messages that wait to be settled.
func (m *Machine) Unacked() int { return m.slots.len }

// Consumers is the number of consumers.
func (m *Machine) Consumers() int { return len(m.consumers) }

// Publish adds a message behind all others. Its Seq must be above theirs.
func (m *Machine) Publish(i Item) {
	*m.Add(i.Seq, i.Size()) = i
}

// Add is Publish for those who build the message in its place: it returns the
// new message, of which only Seq is set and which must become as large as was
// said. The pointer is good until the next call.
func (m *Machine) Add(seq uint64, size uint32) *Item {
	if seq <= m.newest {
		panic("fifo: sequence numbers must rise")
	}
	m.newest = seq
	i := m.line.add(int64(size) + itemCost)
	i.Seq = seq
	return i
}

// Consume adds a consumer. It gets messages from the next Dispatch on.
func (m *Machine) Consume(c *Consumer) error {
	if len(m.consumers) > 0 && (c.Exclusive || m.consumers[0].Exclusive) {
		return ErrExclusive
	}
	c.registered = true
	m.owners.add(c)
	m.consumers = append(m.consumers, c)
	m.line.consumed = true
	m.refresh(c)
	return nil
}

// Cancel removes a consumer. What it holds stays with its holder. It reports
// whether the consumer was there.
func (m *Machine) Cancel(c *Consumer) bool {
	for at, other := range m.consumers {
		if other == c {
			m.consumers = append(m.consumers[:at], m.consumers[at+1:]...)
			m.line.consumed = len(m.consumers) > 0
			m.deregister(c)
			return true
		}
	}
	return false
}

// Next is the consumer whose turn it is; nil if none has credit.
func (m *Machine) Next() *Consumer { return m.round.first }

// Pause takes a consumer out of the round until Resume.
func (m *Machine) Pause(c *Consumer) {
	c.paused = true
	m.refresh(c)
}

// Resume lets a consumer that was paused, or refused by its gate, go on.
func (m *Machine) Resume(c *Consumer) {
	c.paused = false
	m.refresh(c)
}

// Dispatch hands ready messages to consumers with credit, in turn, and appends
// what it handed out to out, at most limit. It reports whether it stopped at
// the limit.
func (m *Machine) Dispatch(out []Delivery, limit int) ([]Delivery, bool) {
	for n := 0; m.round.first != nil; n++ {
		next := m.next()
		if next == nil {
			return out, false
		}
		if n == limit {
			return out, true
		}
		c := m.round.first
		if c.Gate != nil && !c.Gate.Take(c) {
			c.paused = true
			m.refresh(c)
			n--
			continue
		}
		out = slices.Grow(out, 1)[:len(out)+1]
		d := &out[len(out)-1]
		d.Consumer, d.Slot, d.Left = c, 0, false
		m.pop(&d.Item)
		if !c.NoAck {
			m.take(d, c)
		}
		if c.hasCredit() {
			m.round.turn()
		} else {
			m.round.remove(c)
		}
	}
	return out, false
}

// take puts a message that is being delivered into a slot.
func (m *Machine) take(d *Delivery, c *Consumer) {
	d.Left = m.crowded(&d.Item)
	f := m.residents.keep(&d.Item, c.id, !d.Left)
	d.Slot = m.slots.put(f)
	m.residents.settle(&f, d.Slot)
	c.unacked++
}

// Get fetches the next ready message for holder; ok is false when there is
// none, or none in memory, see [Machine.Absent]. Without noAck the message
// waits in a slot to be settled.
func (m *Machine) Get(holder any, noAck bool) (d Delivery, ok bool) {
	if m.next() == nil {
		return Delivery{}, false
	}
	m.pop(&d.Item)
	if !noAck {
		m.take(&d, m.owners.getter(holder))
	}
	return d, true
}

// Settle forgets an unacked message and leaves it in i. It reports false when
// the slot holds another message or none. Of a message that is not in memory
// only Seq, Count and Kept are known.
func (m *Machine) Settle(at Slot, seq uint64, i *Item) bool {
	f, ok := m.slots.take(at, seq)
	if !ok {
		return false
	}
	m.credit(m.owners.table[f.owner])
	m.residents.take(&f, i)
	return true
}

// Return makes an unacked message ready again, at its old place.
func (m *Machine) Return(at Slot, seq uint64) bool {
	f, ok := m.slots.take(at, seq)
	if !ok {
		return false
	}
	m.giveBack(f)
	return true
}

// Detach ends a holder: its consumers are cancelled and what it holds becomes
// ready again, at its old place. It returns how many consumers went.
func (m *Machine) Detach(holder any) int {
	kept := m.consumers[:0]
	for _, c := range m.consumers {
		if c.Holder == holder {
			m.deregister(c)
		} else {
			kept = append(kept, c)
		}
	}
	gone := len(m.consumers) - len(kept)
	clear(m.consumers[len(kept):])
	m.consumers = kept
	m.line.consumed = len(kept) > 0
	for at := range m.slots.table {
		f := &m.slots.table[at]
		if f.owner != 0 && m.owners.table[f.owner].Holder == holder {
			f, _ := m.slots.take(Slot(at), f.seq)
			m.giveBack(f)
			if m.slots.len == 0 {
				break
			}
		}
	}
	return gone
}

// deregister ends a consumer's part in the rounds. It keeps its number as long
// as it has unacked messages.
func (m *Machine) deregister(c *Consumer) {
	c.registered = false
	m.refresh(c)
	if c.unacked == 0 {
		m.owners.remove(c)
	}
}

// Purge removes the ready messages: all below a sequence number, which it
// returns with their number. each is called for those in memory. Messages on
// hold stay, and so does what is behind them.
func (m *Machine) Purge(each func(*Item)) (n int, below uint64) {
	ready := m.Ready()
	m.forgetReturned(each)
	var i Item
	for first := m.line.peek(); first != nil && !first.held(); first = m.line.peek() {
		m.line.pop(&i)
		each(&i)
	}
	if m.line.front.len > 0 {
		return ready - m.line.len(), m.line.front.peek().Seq
	}
	// What is held, and what is behind it, is never moved into the gap.
	m.line.gap = gap{}
	for first := m.line.peek(); first != nil && !first.held(); first = m.line.peek() {
		m.line.pop(&i)
		each(&i)
	}
	if first := m.line.peek(); first != nil {
		return ready - m.line.len(), first.Seq
	}
	m.line.drop()
	return ready, m.newest + 1
}

// forgetReturned removes the ready messages that were delivered before, and
// makes what is being read void.
func (m *Machine) forgetReturned(each func(*Item)) {
	m.era++
	for _, list := range [...][]ref{m.returned, m.awaited} {
		for at := range list {
			var i Item
			m.residents.take(&list[at], &i)
			each(&i)
		}
	}
	m.returned, m.awaited = nil, nil
}

// Resident calls each for every message that the queue has in memory, ready or
// not, in no particular order; of those that it does not have in memory only
// for such as were delivered, as far as they are known.
func (m *Machine) Resident(each func(*Item)) {
	for _, list := range [...][]ref{m.slots.table, m.returned, m.awaited} {
		for at := range list {
			f := &list[at]
			switch {
			case f.seq == 0:
			case f.resident():
				each(m.residents.get(f))
			default:
				i := f.item()
				each(&i)
			}
		}
	}
	m.line.front.each(each)
	m.line.back.each(each)
}

// Unsettled lists the unacked messages that a keeper has, in no particular
// order.
func (m *Machine) Unsettled(k Keeper) []uint64 {
	var seqs []uint64
	for at := range m.slots.table {
		f := &m.slots.table[at]
		if f.owner != 0 && m.keeper(f) == k {
			seqs = append(seqs, f.seq)
		}
	}
	return seqs
}

func (m *Machine) keeper(f *ref) Keeper {
	if f.resident() {
		return m.residents.get(f).Kept
	}
	i := f.item()
	return i.Kept
}

// EachConsumer calls each for every consumer, in the order of their arrival.
func (m *Machine) EachConsumer(each func(*Consumer)) {
	for _, c := range m.consumers {
		each(c)
	}
}

// next is the message that leaves next; nil if none may, or if it is not in
// memory.
func (m *Machine) next() *Item {
	if len(m.returned)+len(m.awaited) > 0 {
		f := m.firstReturned()
		if f == nil || !f.resident() {
			return nil
		}
		return m.residents.get(f)
	}
	if i := m.line.peek(); i != nil && !i.held() {
		return i
	}
	return nil
}

// firstReturned is the first of the messages that were delivered before; nil
// if it is being read.
func (m *Machine) firstReturned() *ref {
	if len(m.returned) == 0 || len(m.awaited) > 0 && m.awaited[0].seq < m.returned[0].seq {
		return nil
	}
	return &m.returned[0]
}

// pop moves what next returned to where it is wanted.
func (m *Machine) pop(to *Item) {
	if len(m.returned) > 0 {
		f := m.returned.pop()
		m.residents.take(&f, to)
		return
	}
	m.line.pop(to)
}

func (m *Machine) giveBack(f ref) {
	c := m.owners.table[f.owner]
	f.owner = 0
	if f.resident() {
		m.residents.get(&f).Count++
		m.residents.settle(&f, 0)
	} else if f.where>>whereBits < maxCount {
		f.where += 1 << whereBits
	}
	m.returned.push(f)
	m.credit(c)
}

// credit notes that a consumer has one message less.
func (m *Machine) credit(c *Consumer) {
	c.unacked--
	switch {
	case c.registered:
		m.refresh(c)
	case c.unacked == 0:
		m.owners.remove(c)
	}
}

// refresh puts c into the round or takes it out, as its credit says.
func (m *Machine) refresh(c *Consumer) {
	if c.hasCredit() {
		m.round.add(c)
	} else {
		m.round.remove(c)
	}
}

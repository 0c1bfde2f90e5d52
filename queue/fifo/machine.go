package fifo

import (
	"cmp"
	"errors"
	"slices"

	"github.com/lepusmq/lepus/store"
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

	rules   *Rules // nil: none
	now     int64  // Unix milliseconds
	mortal  bool   // there may be messages that expire
	length  length
	delayed waitingRoom
	dying   []dying
	tallied []tallied
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
func (m *Machine) Ready() int { return m.line.len() + m.returned.len() + len(m.awaited) }

// Unacked is the number of messages that wait to be settled.
func (m *Machine) Unacked() int { return m.slots.len }

// Consumers is the number of consumers.
func (m *Machine) Consumers() int { return len(m.consumers) }

// Publish adds a message behind all others. Its Seq must be above theirs.
func (m *Machine) Publish(i Item) {
	*m.Add(i.Seq, &i.Message) = i
}

// Add is Publish for those who build the message in its place: it returns the
// new message, of which only Seq is set and which must become as large as the
// one that is given. The pointer is good until the next call.
func (m *Machine) Add(seq uint64, like *store.Message) *Item {
	if seq <= m.newest {
		panic("fifo: sequence numbers must rise")
	}
	m.newest = seq
	i := m.line.add(int64(like.Size()) + itemCost)
	_, _, body := like.Lengths()
	m.length.bytes += int64(body)
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
		if e := next.Expires; e != 0 && e < m.now {
			return out, false
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

// Return makes an unacked message ready again, at its old place if the rules do
// not say otherwise; failed says that its delivery is to count.
func (m *Machine) Return(at Slot, seq uint64, failed bool) bool {
	f, ok := m.slots.take(at, seq)
	if !ok {
		return false
	}
	m.giveBack(f, failed)
	return true
}

// Detach ends a holder: its consumers are cancelled, and what it holds has
// failed and is returned. It returns how many consumers went.
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
	var held []ref // if their order matters
	for at := range m.slots.table {
		f := &m.slots.table[at]
		if f.owner != 0 && m.owners.table[f.owner].Holder == holder {
			f, _ := m.slots.take(Slot(at), f.seq)
			if m.rules == nil {
				m.giveBack(f, true)
			} else {
				held = append(held, f)
			}
			if m.slots.len == 0 {
				break
			}
		}
	}
	slices.SortFunc(held, func(a, b ref) int { return cmp.Compare(a.seq, b.seq) })
	for _, f := range held {
		m.giveBack(f, true)
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
	ready := int(m.waiting())
	m.forgetReturned(each)
	m.length = length{}
	var i Item
	for first := m.line.peek(); first != nil && !first.held(); first = m.line.peek() {
		m.line.pop(&i)
		each(&i)
	}
	if m.line.front.len > 0 {
		m.measureHeld()
		return ready - m.line.len(), m.line.front.peek().Seq
	}
	// What is held, and what is behind it, is never moved into the gap.
	m.line.gap = gap{}
	for first := m.line.peek(); first != nil && !first.held(); first = m.line.peek() {
		m.line.pop(&i)
		each(&i)
	}
	if first := m.line.peek(); first != nil {
		m.measureHeld()
		return ready - m.line.len(), first.Seq
	}
	m.line.drop()
	return ready, m.newest + 1
}

// measureHeld counts what a purge has left.
func (m *Machine) measureHeld() {
	count := func(i *Item) { m.length.bytes += i.body() }
	m.line.front.each(count)
	m.line.back.each(count)
}

// forgetReturned removes the ready messages that were delivered before, and
// makes what is being read void.
func (m *Machine) forgetReturned(each func(*Item)) {
	m.era++
	var i Item
	for _, list := range [...][]ref{m.returned.all(), m.awaited} {
		for at := range list {
			m.residents.take(&list[at], &i)
			each(&i)
		}
	}
	for at := range m.delayed {
		m.residents.take(&m.delayed[at].ref, &i)
		each(&i)
	}
	m.returned.clear()
	m.awaited, m.delayed = nil, nil
}

// Resident calls each for every message that the queue has in memory, ready or
// not, in no particular order; of those that it does not have in memory only
// for such as were delivered, as far as they are known.
func (m *Machine) Resident(each func(*Item)) {
	one := func(f *ref) {
		switch {
		case f.seq == 0:
		case f.resident():
			each(m.residents.get(f))
		default:
			i := f.item()
			each(&i)
		}
	}
	for _, list := range [...][]ref{m.slots.table, m.returned.all(), m.awaited} {
		for at := range list {
			one(&list[at])
		}
	}
	for at := range m.delayed {
		one(&m.delayed[at].ref)
	}
	for at := range m.dying {
		one(&m.dying[at].ref)
	}
	m.line.front.each(each)
	m.line.back.each(each)
}

// Unsettled lists the unacked and dying messages that a keeper has, in no
// particular order.
func (m *Machine) Unsettled(k Keeper) []uint64 {
	var seqs []uint64
	for at := range m.slots.table {
		f := &m.slots.table[at]
		if f.owner != 0 && m.keeper(f) == k {
			seqs = append(seqs, f.seq)
		}
	}
	for at := range m.dying {
		if f := &m.dying[at].ref; m.keeper(f) == k {
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
	if m.returned.len()+len(m.awaited) > 0 {
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
	if m.returned.len() == 0 || len(m.awaited) > 0 && (m.returned.inTurn || m.awaited[0].seq < m.returned.first().seq) {
		return nil
	}
	return m.returned.first()
}

// pop moves what next returned to where it is wanted.
func (m *Machine) pop(to *Item) {
	if m.returned.len() > 0 {
		f := m.returned.pop()
		m.residents.take(&f, to)
	} else {
		m.line.pop(to)
	}
	m.length.bytes -= to.body()
}

// giveBack returns a message that a consumer has no more.
func (m *Machine) giveBack(f ref, failed bool) {
	c := m.owners.table[f.owner]
	f.owner = 0
	t := m.residents.tally(&f, failed)
	m.residents.settle(&f, 0)
	if m.rules == nil {
		m.ready(f)
	} else {
		m.judge(f, t, failed)
	}
	m.credit(c)
}

// judge does with a message that came back what the rules say.
func (m *Machine) judge(f ref, t Tally, failed bool) {
	r := m.rules
	if failed && r.Tallied && m.keeper(&f) == Store {
		m.tallied = append(m.tallied, tallied{f.seq, t})
	}
	if failed && r.DeliveryLimit >= 0 && int64(t.Failures()) > r.DeliveryLimit {
		m.doom(f, DeliveryLimit)
	} else if wait := r.delay(t, failed); wait > 0 {
		m.delayed.push(delayed{f, m.now + wait})
	} else {
		m.ready(f)
	}
}

// ready makes a message ready that was delivered before.
func (m *Machine) ready(f ref) {
	if f.resident() {
		m.length.bytes += m.residents.get(&f).body()
	}
	m.returned.push(f)
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

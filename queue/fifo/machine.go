package fifo

import (
	"cmp"
	"errors"
	"slices"

	"github.com/lepusmq/lepus/queue/heap"
	"github.com/lepusmq/lepus/store"
)

// ErrExclusive refuses a consumer: the queue has an exclusive one, or the new
// one wants to be exclusive and is not alone, or will not be.
var ErrExclusive = errors.New("fifo: queue in exclusive use")

// Machine is the state of one queue. The zero Machine is empty and ready. It
// belongs to one goroutine at a time and must not be copied.
type Machine struct {
	main      lane      // of messages without a priority of their own
	lanes     *lanes    // all, if there are others
	residents residents // of returned and slots
	slots     slots
	owners    owners
	consumers []*Consumer
	round     round
	single    single
	newest    uint64 // the highest Seq published
	onHold    int    // messages
	paging

	rules  *Rules // nil: none
	now    int64  // Unix milliseconds
	mortal bool   // there may be messages that expire
	length length
	// unackedBytes is about how many bytes the bodies of unacked messages have.
	unackedBytes int64

	delayed heap.Heap[delayed]
	// resumed says that some of them may have waited when the queue was closed: what
	// was unacked before them then is in line now.
	resumed bool
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
func (m *Machine) Lend(b *Blocks) {
	m.main.line.blocks, m.slots.blocks = b, b
	if m.lanes != nil {
		m.lanes.lend(b)
	}
}

// Ready is the number of messages that wait for a consumer, without those on
// hold.
func (m *Machine) Ready() int { return m.queued() - m.onHold }

// queued is the number of messages that nobody has been given.
func (m *Machine) queued() int {
	if m.lanes != nil {
		return m.lanes.ready()
	}
	return m.main.ready()
}

// Unacked is the number of messages that wait to be settled.
func (m *Machine) Unacked() int { return m.slots.len }

// Consumers is the number of consumers.
func (m *Machine) Consumers() int { return len(m.consumers) }

// Publish adds a message to its lane, behind all others there. Its Seq must be
// above that of any message.
func (m *Machine) Publish(i Item) {
	if i.held() {
		i.Hold.messages++
		m.onHold++
	}
	*m.Add(i.Seq, &i.Message, i.Lane) = i
}

// Add is Publish for those who build the message in its place: it returns the
// new message, of which only Seq and Lane are set and which must become as large
// as the one that is given. The pointer is good until the next call.
func (m *Machine) Add(seq uint64, like *store.Message, lane uint8) *Item {
	if seq <= m.newest {
		panic("fifo: sequence numbers must rise")
	}
	m.newest = seq
	l := &m.main
	if lane != l.priority || m.lanes != nil {
		l = m.enter(lane)
	}
	i := l.line.add(int64(like.Size()) + itemCost)
	_, _, body := like.Lengths()
	m.length.bytes += int64(body)
	i.Seq, i.Lane = seq, lane
	return i
}

// Consume adds a consumer. It gets messages from the next Dispatch on.
func (m *Machine) Consume(c *Consumer) error {
	if len(m.consumers) > 0 && (c.Exclusive || m.consumers[0].Exclusive) || c.Exclusive && m.single.on {
		return ErrExclusive
	}
	c.registered = true
	m.owners.add(c)
	m.consumers = append(m.consumers, c)
	m.setConsumed()
	if m.single.on {
		m.came(c)
	}
	m.refresh(c)
	return nil
}

// Cancel removes a consumer. What it holds stays with its holder. It reports
// whether the consumer was there.
func (m *Machine) Cancel(c *Consumer) bool {
	for at, other := range m.consumers {
		if other == c {
			m.consumers = append(m.consumers[:at], m.consumers[at+1:]...)
			m.setConsumed()
			m.deregister(c)
			m.went()
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
		if next.Expires != 0 && m.late(next) {
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
		if m.mayHave(c) {
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
	m.hold(&d.Item)
	if d.Kept == Nobody && m.isHeavy() {
		m.heavy = append(m.heavy, delivered{d.Slot, d.Seq})
	}
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
	m.unhold(&f)
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
	m.setConsumed()
	m.went()
	m.giveAllBack(holder)
	return gone
}

// giveAllBack returns what a holder has: in order, if that matters.
func (m *Machine) giveAllBack(holder any) {
	var held []ref // if they are to be put in order
	inOrder := m.rules == nil || m.holdsInOrder(holder)
	for at, f := range m.slots.all {
		if m.owners.table[f.owner].Holder != holder {
			continue
		}
		m.slots.take(at, f.seq)
		if inOrder {
			m.giveBack(f, true)
		} else {
			held = append(held, f)
		}
	}
	slices.SortFunc(held, func(a, b ref) int { return cmp.Compare(a.seq, b.seq) })
	for _, f := range held {
		m.giveBack(f, true)
	}
}

// holdsInOrder says that what a holder has is in order in the slots, as it mostly is
// if that is much.
func (m *Machine) holdsInOrder(holder any) bool {
	last := uint64(0)
	for _, f := range m.slots.all {
		if m.owners.table[f.owner].Holder != holder {
			continue
		}
		if f.seq < last {
			return false
		}
		last = f.seq
	}
	return true
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

// Purge removes the messages that wait and returns how many there were: of each
// lane that had any, all below a sequence number, which it gives to purged. each
// is called for those in memory. Messages on hold stay, and so does what is
// behind them. What is being read becomes void.
func (m *Machine) Purge(each func(*Item), purged func(lane uint8, below uint64)) (n int) {
	m.era++
	n = int(m.count())
	delayed := len(m.delayed) > 0
	m.forgetDelayed(each)
	m.length = length{}
	for l := range m.eachLane {
		if l.ready() > 0 || delayed {
			purged(l.priority, l.purge(&m.residents, m.newest, each))
		}
		l.unmeasured = 0
		m.measure(l)
	}
	return n - m.queued()
}

// measure counts what a purge has left in a lane: what is on hold, and behind
// it.
func (m *Machine) measure(l *lane) {
	count := func(i *Item) { m.length.bytes += i.body() }
	l.line.front.each(count)
	l.line.back.each(count)
}

// forgetDelayed removes the returned messages that wait until they are ready.
func (m *Machine) forgetDelayed(each func(*Item)) {
	var i Item
	for at := range m.delayed {
		m.residents.take(&m.delayed[at].ref, &i)
		each(&i)
	}
	m.delayed = nil
}

// Resident calls each for every message that the queue has in memory, ready or
// not, in no particular order; of those that it does not have in memory only
// for such as were delivered, as far as they are known. due is until when the
// message waits; 0 if it does not.
func (m *Machine) Resident(each func(i *Item, due int64)) {
	for at := range m.delayed {
		d := &m.delayed[at]
		m.residents.one(&d.ref, func(i *Item) { each(i, d.due) })
	}
	m.present(func(i *Item) { each(i, 0) })
}

// present is Resident for those that do not wait until they are due.
func (m *Machine) present(each func(*Item)) {
	for _, f := range m.slots.all {
		m.residents.one(&f, each)
	}
	for at := range m.dying {
		m.residents.one(&m.dying[at].ref, each)
	}
	for l := range m.eachLane {
		for f := range l.former {
			m.residents.one(&f, each)
		}
		l.line.front.each(each)
		l.line.back.each(each)
	}
}

// Unsettled lists the unacked and dying messages of a lane that a keeper has, in
// no particular order.
func (m *Machine) Unsettled(lane uint8, k Keeper) []uint64 {
	var seqs []uint64
	for _, f := range m.slots.all {
		if l, kept := m.residents.place(&f); l == lane && kept == k {
			seqs = append(seqs, f.seq)
		}
	}
	for at := range m.dying {
		f := &m.dying[at].ref
		if l, kept := m.residents.place(f); l == lane && kept == k {
			seqs = append(seqs, f.seq)
		}
	}
	return seqs
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
	l := m.lead()
	if l.returned.len+len(l.awaited) > 0 {
		f := l.firstReturned()
		if f == nil || !f.resident() {
			return nil
		}
		return m.residents.get(f)
	}
	if i := l.line.peek(); i != nil && !i.held() {
		return i
	}
	return nil
}

// pop moves what next returned to where it is wanted.
func (m *Machine) pop(to *Item) {
	l := m.lead()
	if l.returned.len > 0 {
		f := l.returned.pop()
		m.residents.take(&f, to)
	} else {
		l.line.pop(to)
	}
	m.length.bytes -= to.body()
}

// giveBack returns a message that a consumer has no more.
func (m *Machine) giveBack(f ref, failed bool) {
	c := m.owners.table[f.owner]
	m.unhold(&f)
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
	doomed := failed && r.DeliveryLimit >= 0 && int64(t.Failures()) > r.DeliveryLimit
	var due int64
	if wait := r.delay(t, failed); wait > 0 && !doomed {
		due = m.now + wait
	}
	if r.Tallied && (failed || due != 0) {
		if lane, kept := m.residents.place(&f); kept == Store {
			m.tallied = append(m.tallied, tallied{lane, f.seq, t, due})
		}
	}
	switch {
	case doomed:
		m.doom(f, DeliveryLimit)
	case due != 0:
		m.delayed.Push(delayed{f, due})
	default:
		m.ready(f)
	}
}

// ready makes a message ready that was delivered before.
func (m *Machine) ready(f ref) {
	if f.resident() {
		m.length.bytes += m.residents.get(&f).body()
	}
	lane, _ := m.residents.place(&f)
	m.enter(lane).returned.push(f)
}

// credit notes that a consumer has one message less.
func (m *Machine) credit(c *Consumer) {
	c.unacked--
	switch {
	case c.registered:
		m.refresh(c)
		m.retire()
	case c.unacked == 0:
		m.owners.remove(c)
	}
}

// refresh puts c into the round or takes it out, as its credit says.
func (m *Machine) refresh(c *Consumer) {
	if m.mayHave(c) {
		m.round.add(c)
	} else {
		m.round.remove(c)
	}
}

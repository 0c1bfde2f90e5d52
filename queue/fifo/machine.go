package fifo

import "errors"

// ErrExclusive refuses a consumer: the queue has an exclusive one, or the new
// one wants to be exclusive and is not alone.
var ErrExclusive = errors.New("fifo: queue in exclusive use")

// Machine is the state of one queue. The zero Machine is empty and ready. It
// belongs to one goroutine at a time.
type Machine struct {
	line      line
	returned  returned
	slots     slots
	consumers []*Consumer
	round     round
	newest    uint64 // the highest Seq published
}

// Delivery is a message on its way to a consumer or a getter.
type Delivery struct {
	// Consumer gets the message; nil when it was fetched with Get.
	Consumer *Consumer
	// Slot is where the message waits to be settled; 0 when it need not be.
	Slot Slot
	Item
}

// Lend gives the machine memory to use and to leave, until it is called with
// nil.
func (m *Machine) Lend(b *Blocks) { m.line.blocks = b }

// Ready is the number of messages that wait for a consumer.
func (m *Machine) Ready() int { return m.line.len + len(m.returned) }

// Unacked is the number of messages that wait to be settled.
func (m *Machine) Unacked() int { return m.slots.len }

// Consumers is the number of consumers.
func (m *Machine) Consumers() int { return len(m.consumers) }

// Publish adds a message behind all others. Its Seq must be above theirs.
func (m *Machine) Publish(i Item) {
	*m.Add(i.Seq) = i
}

// Add is Publish for those who build the message in its place: it returns the
// new message, of which only Seq is set. The pointer is good until the next
// call.
func (m *Machine) Add(seq uint64) *Item {
	if seq <= m.newest {
		panic("fifo: sequence numbers must rise")
	}
	m.newest = seq
	i := m.line.add()
	i.Seq = seq
	return i
}

// Consume adds a consumer. It gets messages from the next Dispatch on.
func (m *Machine) Consume(c *Consumer) error {
	if len(m.consumers) > 0 && (c.Exclusive || m.consumers[0].Exclusive) {
		return ErrExclusive
	}
	c.registered = true
	m.consumers = append(m.consumers, c)
	m.refresh(c)
	return nil
}

// Cancel removes a consumer. What it holds stays with its holder. It reports
// whether the consumer was there.
func (m *Machine) Cancel(c *Consumer) bool {
	for at, other := range m.consumers {
		if other == c {
			m.consumers = append(m.consumers[:at], m.consumers[at+1:]...)
			c.registered = false
			m.refresh(c)
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
		c := m.round.first
		if c.Gate != nil && !c.Gate.Take(c) {
			c.paused = true
			m.refresh(c)
			n--
			continue
		}
		out = append(out, Delivery{Consumer: c})
		d := &out[len(out)-1]
		m.pop(&d.Item)
		if !c.NoAck {
			d.Slot = m.slots.put(taken{Item: d.Item, holder: c.Holder, consumer: c})
			c.unacked++
		}
		if c.hasCredit() {
			m.round.turn()
		} else {
			m.round.remove(c)
		}
	}
	return out, false
}

// Get fetches the next ready message for holder; ok is false when there is
// none. Without noAck the message waits in a slot to be settled.
func (m *Machine) Get(holder any, noAck bool) (d Delivery, ok bool) {
	if m.next() == nil {
		return Delivery{}, false
	}
	m.pop(&d.Item)
	if !noAck {
		d.Slot = m.slots.put(taken{Item: d.Item, holder: holder})
	}
	return d, true
}

// Settle forgets an unacked message. ok is false when the slot holds another
// message or none.
func (m *Machine) Settle(at Slot, seq uint64) (i Item, ok bool) {
	t, ok := m.slots.take(at, seq)
	if !ok {
		return Item{}, false
	}
	m.credit(t.consumer)
	return t.Item, true
}

// Return makes an unacked message ready again, at its old place.
func (m *Machine) Return(at Slot, seq uint64) bool {
	t, ok := m.slots.take(at, seq)
	if !ok {
		return false
	}
	m.giveBack(t)
	return true
}

// Detach ends a holder: its consumers are cancelled and what it holds becomes
// ready again, at its old place. It returns how many consumers went.
func (m *Machine) Detach(holder any) int {
	kept := m.consumers[:0]
	for _, c := range m.consumers {
		if c.Holder == holder {
			c.registered = false
			m.refresh(c)
		} else {
			kept = append(kept, c)
		}
	}
	gone := len(m.consumers) - len(kept)
	clear(m.consumers[len(kept):])
	m.consumers = kept
	for at := range m.slots.table {
		if t := &m.slots.table[at]; t.used && t.holder == holder {
			t, _ := m.slots.take(Slot(at), t.Seq)
			m.giveBack(t)
			if m.slots.len == 0 {
				break
			}
		}
	}
	return gone
}

// Purge removes the ready messages, calling each for every one. Messages on
// hold stay, and so does what is behind them.
func (m *Machine) Purge(each func(*Item)) int {
	n := 0
	for m.next() != nil {
		var i Item
		m.pop(&i)
		each(&i)
		n++
	}
	if m.line.len == 0 {
		m.line.drop()
	}
	return n
}

// Unsettled calls each for every message the queue has, ready or not, in no
// particular order.
func (m *Machine) Unsettled(each func(*Item)) {
	for at := range m.slots.table {
		if m.slots.table[at].used {
			each(&m.slots.table[at].Item)
		}
	}
	for at := range m.returned {
		each(&m.returned[at])
	}
	b, at := m.line.head, m.line.first
	for n := 0; n < m.line.len; n++ {
		if at == blockLen {
			b, at = b.next, 0
		}
		each(&b.items[at])
		at++
	}
}

// EachConsumer calls each for every consumer, in the order of their arrival.
func (m *Machine) EachConsumer(each func(*Consumer)) {
	for _, c := range m.consumers {
		each(c)
	}
}

// next is the message that leaves next; nil if none may.
func (m *Machine) next() *Item {
	if len(m.returned) > 0 {
		return &m.returned[0]
	}
	if i := m.line.peek(); i != nil && !i.held() {
		return i
	}
	return nil
}

func (m *Machine) pop(to *Item) {
	if len(m.returned) > 0 {
		*to = m.returned.pop()
		return
	}
	m.line.pop(to)
}

func (m *Machine) giveBack(t taken) {
	t.Count++
	m.returned.push(t.Item)
	m.credit(t.consumer)
}

func (m *Machine) credit(c *Consumer) {
	if c != nil {
		c.unacked--
		m.refresh(c)
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

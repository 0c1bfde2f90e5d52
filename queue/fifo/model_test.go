package fifo

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// model is the queue as a naive slice: every message with who has it, in the
// order of publishing.
type model struct {
	messages []modelMessage
}

type modelMessage struct {
	seq    uint64
	lane   uint8
	slot   Slot
	holder any // nil: ready
	by     *Consumer
	count  Tally
	body   int
	afterlife
}

// ready is the message that leaves next: the first of the highest lane. Those
// that came back leave by their turns, before the others.
func (o *model) ready() *modelMessage {
	var first *modelMessage
	for i := range o.messages {
		m := &o.messages[i]
		if m.waits() && (first == nil || m.lane > first.lane ||
			m.lane == first.lane && m.turn > 0 && (first.turn == 0 || m.turn < first.turn)) {
			first = m
		}
	}
	return first
}

func (o *model) find(seq uint64) *modelMessage {
	i, _ := slices.BinarySearchFunc(o.messages, seq, func(m modelMessage, seq uint64) int { return cmp.Compare(m.seq, seq) })
	return &o.messages[i]
}

func (o *model) unacked(c *Consumer) int {
	n := 0
	for _, m := range o.messages {
		if m.by == c {
			n++
		}
	}
	return n
}

func (o *model) remove(seq uint64) {
	o.messages = slices.DeleteFunc(o.messages, func(m modelMessage) bool { return m.seq == seq })
}

// TestModel holds random histories against the model.
func TestModel(t *testing.T) {
	for seed := range uint64(400) {
		h := &history{r: rand.New(rand.NewPCG(seed, 1)), disk: disk{has: map[uint64]Keeper{}, lanes: map[uint64]uint8{}}}
		// Half of the queues have priorities, some of them all that there are.
		h.main, h.priorities = uint8(seed%3), []uint8{1, 1, 1, 4, 10, 253}[seed%6]
		h.m.Prioritize(h.main)
		if h.single = seed%5 == 0; h.single {
			h.yields = seed%2 == 0
			h.m.Single(h.yields)
		}
		h.rule()
		for step := range 300 {
			h.step()
			if err := h.check(); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
		}
	}
}

type history struct {
	r    *rand.Rand
	m    Machine
	o    model
	seq  uint64
	main uint8 // the priority of messages without
	// priorities is how many others there are, with it.
	priorities uint8
	consumers  []*Consumer
	// single says that only active may have messages; retiring that it is to go.
	single, yields, retiring bool
	active                   *Consumer
	disk                     disk
	life                     life
}

func (h *history) step() {
	switch n := h.r.IntN(100); {
	case n < 35:
		h.publish()
	case n < 42:
		c := &Consumer{Holder: h.r.IntN(3), NoAck: h.r.IntN(4) == 0, Prefetch: h.r.IntN(4), Priority: int64(h.r.IntN(5)-2) / 2}
		if h.m.Consume(c) == nil {
			h.consumers = append(h.consumers, c)
			h.retiring = h.retiring || h.yields && h.active != nil && c.Priority > h.active.Priority
		}
	case n < 45 && len(h.consumers) > 0:
		at := h.r.IntN(len(h.consumers))
		h.m.Cancel(h.consumers[at])
		h.consumers = slices.Delete(h.consumers, at, at+1)
	case n < 80:
		h.settle()
	case n < 85:
		h.get()
	case n < 88:
		h.detach(h.r.IntN(3))
	case n < 89:
		h.purge()
	case n < 92:
		h.age()
	default:
		h.page()
	}
	for died := true; died; {
		h.reap()
		h.elect()
		h.dispatch()
		died = h.reap() // what was behind may be dispatched
	}
}

// elect finds out who the single active consumer is.
func (h *history) elect() {
	h.retiring = h.retiring && slices.ContainsFunc(h.consumers, func(c *Consumer) bool { return c.Priority > h.active.Priority })
	if slices.Contains(h.consumers, h.active) && (!h.retiring || h.o.unacked(h.active) > 0) {
		return
	}
	h.active, h.retiring = nil, false
	for _, c := range h.consumers {
		if h.active == nil || c.Priority > h.active.Priority {
			h.active = c
		}
	}
}

// mayHave says whether a consumer may have a message.
func (h *history) mayHave(c *Consumer) bool {
	return (c.NoAck || c.Prefetch == 0 || h.o.unacked(c) < c.Prefetch) && (!h.single || c == h.active && !h.retiring)
}

func (h *history) settle() {
	held := h.held()
	if len(held) == 0 {
		return
	}
	m := held[h.r.IntN(len(held))]
	if h.r.IntN(4) == 0 {
		h.reject(m)
		return
	}
	if h.r.IntN(2) == 0 {
		var i Item
		ok := h.m.Settle(m.slot, m.seq, &i)
		if k := h.disk.has[m.seq]; !ok || i.Seq != m.seq || i.Count != m.count || i.Kept != k || i.Lane != m.lane {
			panic(fmt.Sprintf("settled %+v, %v; want %+v with %v", i, ok, m, k))
		}
		h.remove(m.seq)
		return
	}
	failed := h.r.IntN(2) == 0
	h.m.Return(m.slot, m.seq, failed)
	h.giveBack(m, failed)
}

func (h *history) held() []*modelMessage {
	var held []*modelMessage
	for i := range h.o.messages {
		if h.o.messages[i].holder != nil {
			held = append(held, &h.o.messages[i])
		}
	}
	return held
}

func (h *history) get() {
	want := h.o.ready()
	d, ok := h.m.Get(7, false)
	if !ok && h.m.Absent() {
		return
	}
	if ok && d.Expires != 0 && d.Expires <= h.life.now {
		panic(fmt.Sprintf("got %d, which has expired", d.Seq))
	}
	if ok != (want != nil) || ok && (d.Seq != want.seq || d.Lane != want.lane || d.Count != want.count) {
		panic(fmt.Sprintf("got %v %v, want %+v", d.Seq, ok, want))
	}
	if ok {
		want.holder, want.slot = 7, d.Slot
	}
}

func (h *history) detach(holder int) {
	h.m.Detach(holder)
	h.consumers = slices.DeleteFunc(h.consumers, func(c *Consumer) bool { return c.Holder == holder })
	for _, m := range h.held() {
		if m.holder == holder {
			h.giveBack(m, true)
		}
	}
}

// dispatch checks that each delivery is the first ready message, and that its
// consumer may have it.
func (h *history) dispatch() {
	for more := true; more; {
		var out []Delivery
		out, more = h.m.Dispatch(nil, 1+h.r.IntN(5))
		for _, d := range out {
			want := h.o.ready()
			if want == nil || d.Seq != want.seq || d.Redelivered() != (want.count > 0) {
				panic(fmt.Sprintf("delivered %d, want %+v", d.Seq, want))
			}
			if d.Expires != 0 && (d.Expires < h.life.now || d.Expires == h.life.now && want.count > 0) {
				panic(fmt.Sprintf("delivered %d, which has expired", d.Seq))
			}
			c := d.Consumer
			if !slices.Contains(h.consumers, c) {
				panic("delivered to a consumer that is gone")
			}
			if !h.mayHave(c) {
				panic("delivered to a consumer that may not have it")
			}
			for _, other := range h.consumers {
				if other.Priority > c.Priority && h.mayHave(other) {
					panic("delivered to a consumer while one of a higher priority has credit")
				}
			}
			if c.NoAck {
				h.remove(d.Seq)
				continue
			}
			want.holder, want.by, want.slot = c.Holder, c, d.Slot
		}
	}
}

// check compares the counts, and that nobody who could have a message waits.
func (h *history) check() error {
	if err := h.m.Check(); err != nil {
		return err
	}
	held := len(h.held())
	ready := h.waiting()
	if h.m.Unacked() != held || h.m.Ready() != ready || h.m.Consumers() != len(h.consumers) {
		return fmt.Errorf("%d unacked, %d ready, %d consumers; want %d, %d, %d", h.m.Unacked(), h.m.Ready(),
			h.m.Consumers(), held, ready, len(h.consumers))
	}
	if err := h.checkLife(); err != nil {
		return err
	}
	first := h.o.ready()
	if first == nil {
		return nil
	}
	if h.m.Absent() {
		if (len(h.consumers) > 0 || first.expires != 0) && !h.m.Hungry() && !h.disk.asked {
			return fmt.Errorf("a message is absent and not asked for")
		}
		return nil
	}
	if first.expires != 0 && first.expires <= h.life.now {
		return fmt.Errorf("message %d is ready and has expired", first.seq)
	}
	for _, c := range h.consumers {
		if h.mayHave(c) {
			return fmt.Errorf("a message is ready and a consumer has credit")
		}
	}
	return nil
}

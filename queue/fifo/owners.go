package fifo

// ownerID is the number of a consumer inside its queue; 0 is nobody.
type ownerID uint32

// owners are the consumers that have unacked messages, or may get some, by
// their numbers.
type owners struct {
	table []*Consumer
	free  []ownerID
}

func (o *owners) add(c *Consumer) {
	if n := len(o.free); n > 0 {
		c.id, o.free = o.free[n-1], o.free[:n-1]
		o.table[c.id] = c
		return
	}
	if len(o.table) == 0 {
		o.table = make([]*Consumer, 1, 4)
	}
	c.id = ownerID(len(o.table))
	o.table = append(o.table, c)
}

// remove ends the number of a consumer that has nothing and gets nothing.
func (o *owners) remove(c *Consumer) {
	o.table[c.id] = nil
	o.free = append(o.free, c.id)
	c.id = 0
	if len(o.free) == len(o.table)-1 {
		o.table, o.free = nil, nil
	}
}

// getter is who fetches messages for a holder: a consumer that is in no round.
func (o *owners) getter(holder any) *Consumer {
	for _, c := range o.table {
		if c != nil && c.getter && c.Holder == holder {
			return c
		}
	}
	c := &Consumer{Holder: holder, getter: true}
	o.add(c)
	return c
}

package stats

// Messages counts what became of messages: the message_stats of an object. What
// does not apply to an object stays 0.
type Messages struct {
	// Publish is messages published: by a channel, to a queue, or over all.
	Publish uint64
	// PublishIn is messages that came to an exchange, PublishOut those that it
	// routed, once for each queue.
	PublishIn, PublishOut uint64
	// Confirm is publishes that were confirmed.
	Confirm uint64
	// ReturnUnroutable and DropUnroutable are publishes that no queue wanted: with
	// the mandatory flag, and without.
	ReturnUnroutable, DropUnroutable uint64
	// Deliver and DeliverNoAck are messages pushed to consumers, with and without
	// acknowledgement.
	Deliver, DeliverNoAck uint64
	// Get and GetNoAck are the same for basic.get, and GetEmpty are those that found
	// nothing.
	Get, GetNoAck, GetEmpty uint64
	// Redeliver is how many of the deliveries were not the first of their message.
	Redeliver uint64
	// Ack is deliveries that were acked.
	Ack uint64
	// DiskReads and DiskWrites are messages read from and written to the disk.
	DiskReads, DiskWrites uint64
}

// DeliverGet is all messages that were handed to clients.
func (m *Messages) DeliverGet() uint64 {
	return m.Deliver + m.DeliverNoAck + m.Get + m.GetNoAck
}

// Sub takes away the counts of a part.
func (m *Messages) Sub(o *Messages) {
	m.Publish -= o.Publish
	m.PublishIn -= o.PublishIn
	m.PublishOut -= o.PublishOut
	m.Confirm -= o.Confirm
	m.ReturnUnroutable -= o.ReturnUnroutable
	m.DropUnroutable -= o.DropUnroutable
	m.Deliver -= o.Deliver
	m.DeliverNoAck -= o.DeliverNoAck
	m.Get -= o.Get
	m.GetNoAck -= o.GetNoAck
	m.GetEmpty -= o.GetEmpty
	m.Redeliver -= o.Redeliver
	m.Ack -= o.Ack
	m.DiskReads -= o.DiskReads
	m.DiskWrites -= o.DiskWrites
}

// Add adds the counts of another object.
func (m *Messages) Add(o *Messages) {
	m.Publish += o.Publish
	m.PublishIn += o.PublishIn
	m.PublishOut += o.PublishOut
	m.Confirm += o.Confirm
	m.ReturnUnroutable += o.ReturnUnroutable
	m.DropUnroutable += o.DropUnroutable
	m.Deliver += o.Deliver
	m.DeliverNoAck += o.DeliverNoAck
	m.Get += o.Get
	m.GetNoAck += o.GetNoAck
	m.GetEmpty += o.GetEmpty
	m.Redeliver += o.Redeliver
	m.Ack += o.Ack
	m.DiskReads += o.DiskReads
	m.DiskWrites += o.DiskWrites
}

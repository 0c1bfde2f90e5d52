package fifo

// Rules are what a queue does beyond keeping its messages. They belong to
// whoever runs the queue, which sets them with [Machine.Rule].
type Rules struct {
	// MaxLength and MaxBytes are how many messages, and bytes of their bodies,
	// may wait; negative is any number.
	MaxLength, MaxBytes int64
	// DeliveryLimit is how many deliveries of a message may fail; negative is any
	// number.
	DeliveryLimit int64
	// Tallied has [Machine.Tallied] say which messages of the store have failed, or
	// wait.
	Tallied bool
	// InTurn has returned messages leave in the order in which they came back,
	// and not at their old places. Only set before the first message.
	InTurn bool
	Retry
}

// Retry says which returned messages wait, and for how long: Min milliseconds
// for each delivery so far, at most Max.
type Retry struct {
	On       RetryType
	Min, Max int64
}

// RetryType is which returned messages wait before they are ready again.
type RetryType uint8

// The types of retry, by RabbitMQ's names.
const (
	RetryDisabled RetryType = iota
	RetryAll
	RetryFailed   // those whose delivery failed: rejected, or their consumer lost
	RetryReturned // those that a consumer gave back with nack
)

// delay is how long a message waits that came back; 0 is not at all.
func (r *Retry) delay(t Tally, failed bool) int64 {
	switch {
	case r.On == RetryDisabled, r.On == RetryFailed && !failed, r.On == RetryReturned && failed:
		return 0
	}
	return min(r.Min*int64(max(t.Failures(), 1)), r.Max)
}

// Rule sets the rules, nil for none. What is in the queue already is not looked
// at again, but for its length.
func (m *Machine) Rule(r *Rules) {
	m.rules = r
	for l := range m.eachLane {
		l.returned.inTurn = m.inTurn()
	}
}

// inTurn says that returned messages leave in the order in which they came back.
func (m *Machine) inTurn() bool { return m.rules != nil && m.rules.InTurn }

// Tallied calls each for the messages of the store that have come back since the
// last call, if their delivery has failed or they wait; due is until when, and 0
// if they do not.
func (m *Machine) Tallied(each func(lane uint8, seq uint64, t Tally, due int64)) {
	for _, f := range m.tallied {
		each(f.lane, f.seq, f.tally, f.due)
	}
	m.tallied = m.tallied[:0]
	if cap(m.tallied) > keepTallied {
		m.tallied = nil
	}
}

// keepTallied is how much room for tallies is kept.
const keepTallied = 64

// tallied is a message of which something is to be recorded.
type tallied struct {
	lane  uint8
	seq   uint64
	tally Tally
	due   int64
}

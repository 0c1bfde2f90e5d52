package log

import (
	"errors"
	"fmt"
)

// flushSize is how much is gathered before it is written without being asked.
const flushSize = 1 << 20

// errNotStarted is why nothing can be appended at first.
var errNotStarted = errors.New("log: not started")

// Append adds a record with the parts as its payload, one behind the other,
// and returns its position. The parts are copied; nothing is on disk before
// Write or Sync. It may write and sync: when the segment is full, what is in
// it is synced before the next is begun. After ErrTooLarge nothing was added;
// after any other error the log has failed. Appender only.
func (l *Log) Append(kind Kind, parts ...[]byte) (Position, error) {
	b := l.Begin(kind)
	for _, p := range parts {
		b = append(b, p...)
	}
	return l.Finish(b)
}

// Begin begins a record whose payload the caller appends to the returned slice
// himself, then gives to Finish. What is already in the slice is the log's
// own. No other call of the appender may come between, but Begin again, which
// forgets the record. Appender only.
func (l *Log) Begin(kind Kind) []byte {
	l.kind = kind
	var header [recordHeader]byte
	return append(l.buf, header[:]...)
}

// Finish ends the record that Begin began and returns its position. For the
// rest it is like Append.
func (l *Log) Finish(b []byte) (Position, error) {
	if err := l.broken(); err != nil {
		return 0, err
	}
	at := len(l.buf)
	m := recordInfo{kind: l.kind, epoch: l.last.epoch, length: uint32(len(b) - at - recordHeader)}
	// The buffer may have grown in the hands of the caller.
	l.buf = b[:at]
	if int(m.length) > l.MaxPayload() {
		return 0, fmt.Errorf("record of %d bytes: %w", m.length, ErrTooLarge)
	}
	var filling [recordAlign]byte
	b = append(b, filling[:m.size()-(len(b)-at)]...)
	if l.end+Position(m.size()) > l.last.limit() {
		if err := l.rotate(); err != nil {
			return 0, err
		}
		// What was before the record has been written.
		copy(b, b[at:])
		b, at, m.epoch = b[:m.size()], 0, l.last.epoch
	}
	m.pos = l.end
	m.since = distance(m.pos, l.Synced())
	m.seal(b[at:], l.seed)
	l.buf = b
	l.end += Position(m.size())
	if len(l.buf) >= flushSize {
		return m.pos, l.Write()
	}
	return m.pos, nil
}

// Write gives what was appended to the operating system, without a sync: it
// can then be read, and survives the end of the process but not a power cut.
// Appender only.
func (l *Log) Write() error {
	if err := l.broken(); err != nil {
		return err
	}
	if len(l.buf) == 0 {
		return nil
	}
	s := l.last
	if _, err := s.file.WriteAt(l.buf, s.offset(s.written())); err != nil {
		return l.fail(fmt.Errorf("write %s: %w", s.name, err))
	}
	l.buf = l.buf[:0]
	s.end.Store(uint64(l.end))
	if l.end-s.start > Position(s.room/2) {
		l.pool.soon()
	}
	return nil
}

// Sync makes all that was appended survive a power cut and returns the
// position up to which that holds: End. If there is nothing to sync it does
// nothing. Appender only.
func (l *Log) Sync() (Position, error) {
	if err := l.Write(); err != nil {
		return l.Synced(), err
	}
	if l.Synced() == l.end {
		return l.end, nil
	}
	if err := l.last.file.Sync(); err != nil {
		return l.Synced(), l.fail(fmt.Errorf("sync %s: %w", l.last.name, err))
	}
	l.synced.Store(uint64(l.end))
	return l.end, nil
}

// rotate ends the last segment and begins the next.
func (l *Log) rotate() error {
	if _, err := l.Sync(); err != nil {
		return err
	}
	return l.begin(l.last.limit(), l.last.epoch)
}

// begin begins a segment, whose header says where the last one ended.
func (l *Log) begin(start Position, epoch uint32) error {
	f, err := l.pool.take()
	if err != nil {
		return l.fail(err)
	}
	h := header{
		id: l.id, seq: l.seq + 1, epoch: epoch,
		start: start, room: f.size - headerSize,
	}
	if l.last != nil {
		// After an accepted loss the end may be behind what there is.
		h.prevEpoch, h.prevEnd = l.last.epoch, min(l.end, l.last.limit())
	}
	if _, err := f.file.WriteAt(h.bytes(), 0); err != nil {
		return l.fail(fmt.Errorf("begin %s: %w", f.name, err))
	}
	// No record may be there before the header is safe: whoever finds one
	// behind a bad header knows that the header was lost.
	if err := f.file.Sync(); err != nil {
		return l.fail(fmt.Errorf("begin %s: %w", f.name, err))
	}
	l.seq, l.end = h.seq, start
	l.last = newSegment(h, f, l.pool.put)
	l.synced.Store(uint64(start))
	l.change(func(t []*segment) []*segment { return append(t, l.last) })
	return nil
}

// broken returns why nothing can be appended.
func (l *Log) broken() error {
	if err := l.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// fail makes err, if it is the first, that of every later call.
func (l *Log) fail(err error) error {
	err = fmt.Errorf("%w: %w", ErrFailed, err)
	l.failed.CompareAndSwap(nil, &err)
	return *l.failed.Load()
}

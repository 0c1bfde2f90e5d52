package log

import (
	"fmt"
	"io"
	"slices"
)

const (
	defaultAhead = 256 << 10
	// firstRead is what Read reads when it is given no buffer.
	firstRead = 4096
)

// Read reads the record at a position into dst. As much as dst has capacity for
// is read at once: the size of the payload and 32 bytes are best. If it is too
// little, or nothing, a new buffer is made. The payload lies in the buffer.
// Checksum and position are checked: a bad record is a *DamageError, which does
// not fail the log. Any goroutine may call it, also while Replay runs, about
// what was replayed.
func (l *Log) Read(pos Position, dst []byte) (Record, error) {
	s := l.acquire(pos)
	if s == nil {
		return Record{}, fmt.Errorf("read position %d: %w", pos, ErrNotFound)
	}
	defer s.release()
	end := s.written()
	if pos >= end {
		return Record{}, fmt.Errorf("read position %d: %w", pos, ErrNotWritten)
	}
	r := Reader{log: l, buf: dst, ahead: cap(dst)}
	if r.ahead < recordHeader {
		r.ahead = firstRead
	}
	rec, _, err := r.record(s, pos, end)
	return rec, err
}

// Reader reads records one behind the other, many with one system call. It
// belongs to one goroutine; a log may have many. While it stands in a segment
// that segment is not used again.
type Reader struct {
	log   *Log
	ahead int

	seg *segment // where it stands, with a reference; nil before the first Next
	pos Position // what Next reads

	shared *Windows // nil: it reads for itself
	held   *window  // of shared, what the last record lies in

	buf  []byte     // what was read ahead
	from Position   // where in the log buf lies
	of   *segment   // the segment that buf was read from
	last recordInfo // the header of the record read last
}

// NewReader returns a reader that reads ahead by that many bytes (0 is 256
// KiB). Any goroutine may call it. Seek comes before the first Next, Close at
// the end.
func (l *Log) NewReader(ahead int) *Reader {
	if ahead <= 0 {
		ahead = defaultAhead
	}
	return &Reader{log: l, ahead: max(ahead, recordHeader)}
}

// Seek sets the position of the record that Next returns. A place that has
// already been read ahead costs nothing. Behind a bad record it goes on.
func (r *Reader) Seek(pos Position) {
	r.pos = pos
	if r.seg != nil && (pos < r.seg.start || pos >= r.seg.limit()) {
		r.Close()
	}
}

// Ahead sets how many bytes are read ahead from here on.
func (r *Reader) Ahead(bytes int) { r.ahead = max(bytes, recordHeader) }

// Next returns the record at the reader's position and moves behind it, over
// the ends of segments. The payload is valid until the next call. The error is
// io.EOF behind the last record written (a later call may find more),
// ErrNotFound in a segment that is gone, *DamageError for a bad record.
func (r *Reader) Next() (Record, error) {
	for {
		if r.seg == nil {
			if r.seg = r.log.acquire(r.pos); r.seg == nil {
				return Record{}, fmt.Errorf("read position %d: %w", r.pos, ErrNotFound)
			}
		}
		if end := r.seg.written(); r.pos < end {
			rec, size, err := r.record(r.seg, r.pos, end)
			r.pos += Position(size)
			return rec, err
		}
		next, last := r.log.after(r.seg)
		switch {
		case last:
			return Record{}, io.EOF
		case r.pos < r.seg.written():
			// The segment grew and was ended after the first look.
			continue
		case next == nil:
			return Record{}, fmt.Errorf("read behind position %d: %w", r.pos, ErrNotFound)
		}
		r.Close()
		r.pos = next.start
	}
}

// Share has the reader use what others have read, or, with nil, no more. What
// it returned last is void.
func (r *Reader) Share(w *Windows) {
	r.let()
	r.shared = w
}

// let gives back the shared window.
func (r *Reader) let() {
	if r.held != nil {
		r.shared.release(r.held)
		r.held = nil
	}
}

// Close gives the segment back. The reader may be used again.
func (r *Reader) Close() {
	if r.seg != nil {
		r.seg.release()
	}
	r.let()
	r.seg, r.of = nil, nil
}

// record reads the record at pos, which must end at limit or before, and
// returns its size; of a bad one what it claims, if that may be. The error is a *DamageError, or that of the file.
func (r *Reader) record(s *segment, pos, limit Position) (Record, int, error) {
	b, err := r.window(s, pos, limit, recordHeader)
	if err != nil {
		return Record{}, 0, err
	}
	if flaw := s.examine(&r.last, b, pos, limit); flaw != "" {
		return Record{}, 0, s.damage(pos, 0, flaw)
	}
	size := r.last.size()
	if b, err = r.window(s, pos, limit, size); err != nil {
		return Record{}, 0, err
	}
	if !intact(b, size, r.log.seed) {
		return Record{}, size, s.damage(pos, 0, "wrong checksum")
	}
	return r.last.record(b), size, nil
}

// window returns the bytes from pos on, need of them or more, fewer only where
// limit or the end of the file comes first.
func (r *Reader) window(s *segment, pos, limit Position, need int) ([]byte, error) {
	need = min(need, int(limit-pos))
	if r.of == s && pos >= r.from && pos+Position(need) <= r.from+Position(len(r.buf)) {
		return r.buf[pos-r.from:], nil
	}
	if r.shared != nil {
		if r.held == nil || !r.held.has(pos, need) {
			r.let()
			var err error
			if r.held, err = r.shared.get(s, pos, limit, need); err != nil {
				return nil, err
			}
		}
		if r.held != nil {
			return r.held.buf[pos-r.held.from:], nil
		}
	}
	n := min(max(need, r.ahead), int(limit-pos))
	r.of = nil
	b, err := s.readAt(slices.Grow(r.buf[:0], n)[:n], pos)
	if err != nil {
		return nil, err
	}
	r.buf, r.from, r.of = b, pos, s
	return b, nil
}

package log

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"sync/atomic"
)

// segment is one file of the log.
type segment struct {
	// Immutable.
	header
	*spare
	free func(*spare) // takes the file when nobody needs it any more

	// end is the position behind the last record that can be read. The
	// appender moves it in the last segment; in the others it stands.
	end atomic.Uint64

	// refs counts the table, as one, and the readers.
	refs atomic.Int64
}

func newSegment(h header, f *spare, free func(*spare)) *segment {
	s := &segment{header: h, spare: f, free: free}
	s.end.Store(uint64(h.start))
	s.refs.Store(1)
	return s
}

// written returns the position behind the last record that can be read.
func (s *segment) written() Position { return Position(s.end.Load()) }

// offset is where in the file a position lies.
func (s *segment) offset(pos Position) int64 { return headerSize + int64(pos-s.start) }

// retain takes a reference, unless there is none left.
func (s *segment) retain() bool {
	for {
		n := s.refs.Load()
		if n == 0 {
			return false
		}
		if s.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (s *segment) release() {
	if s.refs.Add(-1) == 0 {
		s.free(s.spare)
	}
}

// examine reads the header at the start of b into r. If that is not of the
// record at pos, ending at limit or before, it says what it is.
func (s *segment) examine(r *recordInfo, b []byte, pos, limit Position) (flaw string) {
	switch {
	case !r.peek(b):
		return "no record"
	case r.pos != pos:
		return fmt.Sprintf("a record of position %d", r.pos)
	case r.epoch != s.epoch:
		return fmt.Sprintf("a record of epoch %d in a segment of epoch %d", r.epoch, s.epoch)
	case pos+Position(r.size()) > limit:
		return fmt.Sprintf("a record of %d bytes, which is too long", r.length)
	}
	return ""
}

// readAt fills b from a position on, as far as the file goes.
func (s *segment) readAt(b []byte, pos Position) ([]byte, error) {
	n, err := s.file.ReadAt(b, s.offset(pos))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("log: read %s: %w", s.name, err)
	}
	return b[:n], nil
}

func (s *segment) damage(pos, next Position, what string) *DamageError {
	return &DamageError{File: s.name, Offset: s.offset(pos), Position: pos, Next: next, What: what}
}

// lookup returns the segment in whose range a position lies, or nil.
func lookup(segments []*segment, pos Position) *segment {
	i := sort.Search(len(segments), func(i int) bool { return segments[i].start > pos }) - 1
	if i < 0 || pos >= segments[i].limit() {
		return nil
	}
	return segments[i]
}

// bySeq returns the index of the first segment with that number or a higher one.
func bySeq(segments []*segment, seq uint64) int {
	return sort.Search(len(segments), func(i int) bool { return segments[i].seq >= seq })
}

// acquire returns the segment of a position with a reference, or nil.
func (l *Log) acquire(pos Position) *segment {
	for {
		s := lookup(*l.table.Load(), pos)
		// A segment that cannot be retained has just left the table.
		if s == nil || s.retain() {
			return s
		}
	}
}

// after returns the segment that follows s in the log, nil if it is gone. last
// says that s is the last.
func (l *Log) after(s *segment) (next *segment, last bool) {
	table := *l.table.Load()
	i := bySeq(table, s.seq+1)
	if i == len(table) {
		return nil, true
	}
	if table[i].seq > s.seq+1 {
		return nil, false
	}
	return table[i], false
}

// change replaces the table by what edit makes of a copy.
func (l *Log) change(edit func([]*segment) []*segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := edit(slices.Clone(*l.table.Load()))
	l.table.Store(&t)
}

// Segments returns the segments in order. The last is the one being written.
// Any goroutine may call it.
func (l *Log) Segments() []Segment {
	table := *l.table.Load()
	list := make([]Segment, len(table))
	for i, s := range table {
		list[i] = Segment{
			Seq: s.seq, Epoch: s.epoch,
			Start: s.start, End: s.written(), Limit: s.limit(),
			Size: s.size, File: s.name,
		}
	}
	return list
}

// Recycle gives up a segment. From then on its positions are ErrNotFound; its
// file is used again when the last reader has left it. Nothing of this is on
// disk: after a crash the segment may be found again, whole or in part, and is
// to be recycled again. Recycling one that is not there does nothing. Any
// goroutine may call it.
func (l *Log) Recycle(seq uint64) error {
	var gone *segment
	var err error
	l.change(func(t []*segment) []*segment {
		i := bySeq(t, seq)
		if i == len(t) || t[i].seq != seq {
			return t
		}
		if i == len(t)-1 {
			err = fmt.Errorf("recycle segment %d: %w", seq, ErrInUse)
			return t
		}
		gone = t[i]
		return slices.Delete(t, i, i+1)
	})
	if gone != nil {
		gone.release()
	}
	return err
}

package store

import (
	"sort"

	"github.com/lepusmq/lepus/store/log"
)

// segment says what is live in a segment of the log.
type segment struct {
	seq          uint64
	start, limit log.Position
	sum          sum  // by the index
	saved        sum  // by the states in Badger
	left         bool // it cannot be cleaned
	// emptied is the position of the operation that took the last message.
	emptied log.Position
}

// sum counts what is live: messages, one for each queue that has them, and
// bytes.
type sum struct{ messages, bytes int64 }

func (s *sum) add(d sum) {
	s.messages += d.messages
	s.bytes += d.bytes
}

// segmentSum is what something adds to the sum of a segment.
type segmentSum struct {
	seq uint64
	sum sum
}

// sumMemory is what a segmentSum takes in memory.
const sumMemory = 24

// addSum adds to what is in a list about a segment.
func addSum(list []segmentSum, seq uint64, d sum) []segmentSum {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].seq == seq {
			list[i].sum.add(d)
			return list
		}
	}
	return append(list, segmentSum{seq, d})
}

// segments are those of the log, in order.
type segments struct {
	list []*segment
	// source asks the log for its segments.
	source func() []log.Segment
	last   *segment // the one found last
}

// of returns the segment of a position, nil if the log has none there.
func (s *segments) of(pos log.Position) *segment {
	if g := s.last; g != nil && pos >= g.start && pos < g.limit {
		return g
	}
	g := s.find(pos)
	if g == nil {
		s.refresh()
		g = s.find(pos)
	}
	if g != nil {
		s.last = g
	}
	return g
}

func (s *segments) find(pos log.Position) *segment {
	i := sort.Search(len(s.list), func(i int) bool { return s.list[i].limit > pos })
	if i == len(s.list) || pos < s.list[i].start {
		return nil
	}
	return s.list[i]
}

// bySeq returns the segment with a number, nil if there is none.
func (s *segments) bySeq(seq uint64) *segment {
	i := sort.Search(len(s.list), func(i int) bool { return s.list[i].seq >= seq })
	if i == len(s.list) || s.list[i].seq != seq {
		return nil
	}
	return s.list[i]
}

// refresh takes up segments that the log has begun. It does not forget those
// that are gone: forget does.
func (s *segments) refresh() {
	for _, g := range s.source() {
		known := s.bySeq(g.Seq)
		if known == nil {
			known = &segment{seq: g.Seq}
			i := sort.Search(len(s.list), func(i int) bool { return s.list[i].seq > g.Seq })
			s.list = append(s.list, nil)
			copy(s.list[i+1:], s.list[i:])
			s.list[i] = known
		}
		known.start, known.limit = g.Start, g.Limit
	}
}

// same says whether two runs lie in one segment.
func (s *segments) same(a, b *run) bool {
	g := s.of(b.pos)
	return g != nil && a.pos >= g.start && a.pos < g.limit
}

// forget drops a segment that was recycled.
func (s *segments) forget(g *segment) {
	i := sort.Search(len(s.list), func(i int) bool { return s.list[i].seq >= g.seq })
	s.list = append(s.list[:i], s.list[i+1:]...)
	s.last = nil
}

// span calls each for every segment between two positions, both included.
func (s *segments) span(from, to log.Position, each func(*segment)) {
	if g := s.of(to); g != nil && from >= g.start {
		each(g)
		return
	}
	s.of(from)
	for _, g := range s.list {
		if g.limit > from && g.start <= to {
			each(g)
		}
	}
}

// share calls each for every segment that a run lies in, with what so many of
// its messages and bytes are there.
func (s *segments) share(r *run, messages, bytes int64, each func(*segment, sum)) {
	if r.back() == 0 {
		if g := s.of(r.pos); g != nil {
			each(g, sum{messages, bytes})
		}
		return
	}
	var covered []*segment
	s.span(r.pos-log.Position(r.back()), r.pos, func(g *segment) { covered = append(covered, g) })
	for _, g := range covered {
		each(g, sum{messages, bytes / int64(len(covered))})
	}
}

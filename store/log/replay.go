package log

import (
	"bytes"
	"errors"
	"fmt"
)

// Replay calls fn with every record from a position on, in order. It must be
// called once, before Start, whether there is something to replay or not.
//
// from is 0 for everything, or a position that was End at some time. known is
// the highest position that is known to have been synced: a log that ends
// below it is damaged. Replay ends at the torn end, if there is one, and drops
// what is behind it. Damage is returned as *DamageError, unless
// Options.AcceptLoss. An error of fn ends Replay and is returned as it is. The
// payload is valid during the call of fn.
func (l *Log) Replay(from, known Position, fn func(Record) error) error {
	p := &replay{log: l, reader: l.NewReader(0), pos: from, known: known, fn: fn}
	if err := p.run(); err != nil {
		return err
	}
	l.end, l.replayed = p.pos, true
	l.floor = max(l.floor, (max(p.pos, known)+headerPage-1)&^(headerPage-1))
	return nil
}

// Clean is given the mark of a clean stop: Epoch and End at that time, after
// the last Sync. It says whether the mark still holds, which it does until a
// newer epoch has begun. If so, Replay goes exactly to that end: what is bad
// before it is damage, and nobody looks behind it. It comes before Replay.
func (l *Log) Clean(epoch uint32, end Position) bool {
	s := l.last
	if s == nil || epoch != l.Epoch() || end < s.start || end > s.limit() {
		return false
	}
	l.ended = true
	s.end.Store(uint64(end))
	return true
}

// Lost returns what Replay went over because of Options.AcceptLoss.
func (l *Log) Lost() []*DamageError { return l.lost }

// replay is one run of Replay.
type replay struct {
	log    *Log
	reader *Reader
	pos    Position
	known  Position
	fn     func(Record) error
}

func (p *replay) run() error {
	table := *p.log.table.Load()
	i, err := p.first(table)
	if err != nil {
		return err
	}
	for ; i < len(table); i++ {
		s, tail := table[i], i == len(table)-1
		p.pos = max(p.pos, s.start)
		ended := tail && p.log.ended || !tail && table[i+1].seq == s.seq+1
		if err := p.segment(s, ended, tail); err != nil {
			return err
		}
		if !ended && !tail {
			if err := p.missing(s.seq+1, table[i+1].start); err != nil {
				return err
			}
		}
	}
	for _, o := range p.log.orphans {
		if o.Position >= p.pos {
			if err := p.damage(o); err != nil {
				return err
			}
		}
	}
	if p.pos >= p.known {
		return nil
	}
	e := &DamageError{Position: p.pos}
	if p.log.last != nil {
		e = p.log.last.damage(p.pos, 0, "")
	}
	e.What = fmt.Sprintf("the log ends here, but position %d was once synced", p.known)
	return p.damage(e)
}

// first returns the index of the segment to begin with.
func (p *replay) first(table []*segment) (int, error) {
	for i, s := range table {
		// Between a segment and the one that follows it there is nothing.
		follows := i > 0 && table[i-1].seq == s.seq-1
		switch {
		case p.pos < s.start && s.seq > 1 && !follows:
			return i, p.missing(s.seq-1, s.start)
		case p.pos < s.limit() || p.pos == s.limit() && i == len(table)-1:
			return i, nil
		}
	}
	if p.pos > 0 {
		return len(table), p.missing(p.log.seq+1, 0)
	}
	p.pos = firstPosition
	return len(table), nil
}

// segment replays what is left of a segment. ended says that its end is known,
// from the one that follows or a clean mark; tail, that none follows.
func (p *replay) segment(s *segment, ended, tail bool) error {
	limit := s.written()
	if ended {
		// Positions between the end and the next segment belong to no record.
		defer func() { p.pos = max(p.pos, limit) }()
	} else {
		limit = s.limit()
		s.end.Store(uint64(min(p.pos, limit)))
	}
	for p.pos < limit {
		rec, size, err := p.reader.record(s, p.pos, limit)
		if err != nil {
			next, err := p.bad(s, limit, ended, tail, err)
			if err != nil || next == 0 {
				return err
			}
			p.pos = next
			continue
		}
		p.pos += Position(size)
		if !ended {
			s.end.Store(uint64(p.pos))
		}
		if err := p.fn(rec); err != nil {
			return err
		}
	}
	return nil
}

// bad decides what a bad record is. It returns where to go on, 0 for nowhere,
// or the damage.
func (p *replay) bad(s *segment, limit Position, ended, tail bool, err error) (Position, error) {
	next, marked := p.search(s, limit)
	var e *DamageError
	if !errors.As(err, &e) {
		// What the disk does not give back is never a torn end.
		e, marked = s.damage(p.pos, 0, err.Error()), true
	}
	e.Next = next
	// Records behind a gap of the tail are the rest of a torn batch, unless the
	// gap is below what was known to be synced.
	if ended || marked || next != 0 && (!tail || p.pos < p.known) {
		return next, p.damage(e)
	}
	return 0, nil
}

// search looks behind a bad record for good ones. It returns the position of
// the first, and whether any tells that the bad one had been synced.
func (p *replay) search(s *segment, limit Position) (first Position, marked bool) {
	for pos := p.pos + recordAlign; pos+recordHeader <= limit; {
		b, err := p.reader.window(s, pos, limit, recordHeader)
		if err != nil {
			// Who knows what it would have told.
			marked = true
			pos += headerPage
			continue
		}
		if len(b) < recordHeader {
			break
		}
		i := bytes.Index(b[magicAt:], []byte(recordMagic))
		if i < 0 {
			// The last few bytes may begin a record.
			pos += Position(len(b)-recordHeader+recordAlign) &^ (recordAlign - 1)
			continue
		}
		pos += Position(i) &^ (recordAlign - 1)
		var info recordInfo
		if i%recordAlign != 0 || info.peek(b[i:]) && info.pos != pos {
			pos += recordAlign
			continue
		}
		_, size, err := p.reader.record(s, pos, limit)
		if err != nil {
			marked = marked || !errors.As(err, new(*DamageError))
			pos += recordAlign
			continue
		}
		if first == 0 {
			first = pos
		}
		if p.reader.last.synced() > p.pos {
			return first, true
		}
		pos += Position(size)
	}
	return first, marked
}

func (p *replay) missing(seq uint64, next Position) error {
	return p.damage(&DamageError{
		Position: p.pos, Next: next, What: fmt.Sprintf("segment %d is missing", seq),
	})
}

// damage ends the replay, or takes note if losses are accepted.
func (p *replay) damage(e *DamageError) error {
	if !p.log.opt.AcceptLoss {
		return e
	}
	p.log.lost = append(p.log.lost, e)
	return nil
}

package store

import (
	"errors"
	"fmt"
	"io"

	"github.com/lepusmq/lepus/store/log"
)

const (
	// cleanLeast is how many dead bytes there must be in segments that are
	// mostly dead for cleaning to begin; a quarter of what is live, if that is
	// more.
	cleanLeast = 64 << 20
	cleanShare = 4
	// cleanBudget is how much is moved before the next checkpoint.
	cleanBudget = 64 << 20
	// cleanTurn is how much is moved in one round of the committer.
	cleanTurn = 1 << 20
	// cleanReserve is how many of the log's free files moves leave alone when
	// no more can be made.
	cleanReserve = 2
)

// cleaner moves messages out of segments that are mostly dead. It belongs to
// the checkpointer's goroutine.
type cleaner struct {
	// immutable
	least int64 // dead bytes that are worth cleaning
	turn  int64 // how much is moved in one round of the committer
}

// cleanUp moves what is live in segments that are mostly dead to the log's head,
// those with the least first, as long as it is worth it. It says whether
// the next checkpoint will find segments to give back.
func (s *durable) cleanUp() (moved bool, err error) {
	list, enough := s.index.mostlyDead(s.checkpoints.g, s.cleaner.least)
	dead := int64(0)
	for i := range list {
		dead += list[i].dead
	}
	m := mover{store: s, loader: loader{store: s}, stands: make(map[uint64]*queue)}
	for i := range list {
		if dead <= enough || m.total >= cleanBudget || !s.mayClean() {
			break
		}
		emptied, err := m.clean(list[i].segment)
		if err != nil {
			return false, err
		}
		moved = moved || emptied
		dead -= list[i].dead
	}
	return moved, nil
}

// mayClean says whether there is room to move messages, and time.
func (s *durable) mayClean() bool {
	select {
	case <-s.quit:
		return false
	default:
	}
	free, why := s.log.Ready()
	return !s.checkpoints.paused.Load() && (why == nil || free > cleanReserve)
}

// mover moves messages.
type mover struct {
	store  *durable
	loader loader            // reads bodies
	stands map[uint64]*queue // names of queues, for the encoder
	living residents
	moves  []move
	bytes  int64 // of moves
	total  int64 // moved
}

// move is a message on its way to the log's head, for the queues that had it
// at its place when that was read.
type move struct {
	entry   blockEntry // borrowed: until the message is read
	message Message
	targets []target
}

// clean moves everything that is live in a segment and says whether that has
// emptied it. If it cannot be done the segment is left alone from then on.
func (m *mover) clean(g *segment) (emptied bool, err error) {
	flaw, err := m.read(g)
	if err == nil {
		err = m.flush()
	}
	if err != nil {
		return false, err
	}
	x := m.store.index
	x.mu.Lock()
	left := g.sum.messages
	g.left = left > 0
	x.mu.Unlock()
	if left == 0 {
		return true, nil
	}
	if flaw == nil {
		flaw = fmt.Errorf("%w: records that should be there are not", ErrDamaged)
	}
	m.store.complain(fmt.Errorf("store: clean segment %d of the log, where %d messages are left: %w", g.seq, left, flaw))
	return false, nil
}

// read moves what is live in a segment, but for the last few messages, which
// flush moves. A flaw is why it could not be read, err ends the store.
func (m *mover) read(g *segment) (flaw, err error) {
	r := m.store.log.NewReader(0)
	defer r.Close()
	r.Seek(g.start)
	// Chunks are in the segment, and what names them may lie behind it.
	chunks := false
	for {
		rec, err := r.Next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, log.ErrNotFound):
			// What follows the segment is gone.
			return nil, nil
		case err != nil:
			return damaged(err), nil
		case rec.Position >= g.limit && !chunks:
			return nil, nil
		}
		kind := rec.Kind &^ recHeld
		if kind == recEnqueue || kind == recMove {
			if err := m.take(rec, g); err != nil {
				return fmt.Errorf("position %d: %w", rec.Position, err), nil
			}
		}
		chunks = kind == recChunk
		if m.bytes >= m.store.cleaner.turn {
			if err := m.flush(); err != nil {
				return nil, err
			}
		}
	}
}

// take reads the messages of a record that are live there. Of a record behind
// the segment it takes only those that have chunks in it.
func (m *mover) take(rec log.Record, g *segment) error {
	from := len(m.moves)
	if err := m.choose(rec, g); err != nil {
		m.moves = m.moves[:from]
		return err
	}
	defer m.loader.slab.Close()
	for i := from; i < len(m.moves); i++ {
		v := &m.moves[i]
		var err error
		if v.message, err = m.loader.message(&v.entry); err != nil {
			m.moves = m.moves[:i]
			return err
		}
		m.bytes += int64(v.message.Size()) + entryHeader
		if rec.Position < m.store.index.unclean {
			v.entry.flags |= flagRedelivered
		}
	}
	return nil
}

// choose asks the index which messages of a record are live there.
func (m *mover) choose(rec log.Record, g *segment) error {
	b, err := newBlock(rec.Payload)
	if err != nil {
		return err
	}
	x := m.store.index
	x.mu.Lock()
	defer x.unlock()
	m.living.begin(x, &b, rec.Position)
	for {
		var v move
		ok, err := b.next(&v.entry)
		if err != nil || !ok {
			return err
		}
		if first := v.entry.firstChunk(); rec.Position >= g.limit && (first == 0 || first >= g.limit) {
			continue
		}
		for i := range v.entry.queues() {
			if place, seq := v.entry.target(i); m.living.has(place, seq) {
				v.targets = append(v.targets, target{queue: m.stand(b.queue(place)), seq: seq, expires: v.entry.deadline(i)})
			}
		}
		if len(v.targets) > 0 {
			m.moves = append(m.moves, v)
		}
	}
}

// stand returns what names a queue to the encoder.
func (m *mover) stand(id uint64) *queue {
	q := m.stands[id]
	if q == nil {
		q = &queue{id: id}
		m.stands[id] = q
	}
	return q
}

// flush appends what was read to the log, in a round of the committer. What
// has been settled meanwhile is not moved: apply sees to that.
func (m *mover) flush() error {
	if len(m.moves) == 0 {
		return nil
	}
	err := m.store.commitWith(m.moves, true)
	var release Releaser
	for i := range m.moves {
		release.Release(&m.moves[i].message)
	}
	release.Flush()
	m.total += m.bytes
	clear(m.moves)
	m.moves, m.bytes = m.moves[:0], 0
	return err
}

package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"hash/crc64"
	"math"

	"github.com/lepusmq/lepus/store/log"
)

// The keys of Badger, by their first letter. DESIGN.md §3 has their form.
const (
	keyAnchor     = 'a'
	keyClean      = 'c'
	keyDefinition = 'd'
	keyG          = 'g'
	keySum        = 'h'
	keyFormerPage = 'p'
	keyQueue      = 'q'
	keySegment    = 's'
	keySweep      = 'w'
	keyPage       = 'z'
)

// stateVersion is the version of what is in Badger. What is older can be read from
// versionWithSums on, see former.go.
const stateVersion = 5

// queueTombstone marks the record of a queue whose pages are still to go.
const queueTombstone = 1

// queueMortal marks the record of a queue that has messages that may expire.
const queueMortal = 4

// tailBytes is how large the last page may be to be kept in the queue's record.
const tailBytes = 512

// The flags of a run.
const (
	runBits        = 1
	runRedelivered = 2
	runCounts      = 4
	runLong        = 8 // it has a reach
	runChunked     = 16
	runDue         = 32 // its tallies say when messages are due
	runFlags       = 63
)

// The flags of a page entry.
const (
	pageLost  = 1 // it could not be read
	pageByAge = 2 // it is not a former one

	pageFlags = 3
)

// The least that these can take.
const (
	leastRun   = 5
	leastEntry = 10
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	ecma       = crc64.MakeTable(crc64.ECMA)
)

// stateKey makes a key of a letter and numbers.
func stateKey(letter byte, numbers ...uint64) []byte {
	k := make([]byte, 1, 1+8*len(numbers))
	k[0] = letter
	for _, n := range numbers {
		k = binary.BigEndian.AppendUint64(k, n)
	}
	return k
}

// keyNumbers reads the numbers of a key.
func keyNumbers(key []byte, n int) ([]uint64, error) {
	if len(key) != 1+8*n {
		return nil, fmt.Errorf("%w: index: key %x", ErrDamaged, key)
	}
	numbers := make([]uint64, n)
	for i := range numbers {
		numbers[i] = binary.BigEndian.Uint64(key[1+8*i:])
	}
	return numbers, nil
}

// pageKey makes the key of a page. What is new comes first, and all pages come last:
// Badger rewrites what lies between the keys that it merges, and that is no page of
// long ago then.
func pageKey(queue, number uint64) []byte {
	if number&formerPage != 0 {
		return stateKey(keyFormerPage, queue, number&^formerPage)
	}
	return stateKey(keyPage, ^number, queue)
}

// pageOfKey reads what pageKey made.
func pageOfKey(key []byte) (queue, number uint64, err error) {
	n, err := keyNumbers(key, 2)
	if err != nil {
		return 0, 0, err
	}
	if key[0] == keyFormerPage {
		return n[0], n[1] | formerPage, nil
	}
	return n[1], ^n[0], nil
}

func (k definitionKey) state() []byte {
	b := []byte{keyDefinition, byte(k.kind)}
	return binary.BigEndian.AppendUint64(b, k.id)
}

// seal adds the checksum to a value.
func seal(key, value []byte) []byte {
	return le.AppendUint32(value, crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value))
}

// unseal checks and removes the checksum of a value.
func unseal(key, value []byte) ([]byte, error) {
	n := len(value) - 4
	if n < 0 || le.Uint32(value[n:]) != crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value[:n]) {
		return nil, fmt.Errorf("%w: index: the value of key %x", ErrDamaged, key)
	}
	return value[:n], nil
}

// checkOf is the checksum of a sealed value.
func checkOf(sealed []byte) uint32 { return le.Uint32(sealed[len(sealed)-4:]) }

// hashOf is what a key and its value add to the sum over all.
func hashOf(key, sealed []byte) uint64 {
	return crc64.Update(crc64.Update(0, ecma, key), ecma, sealed)
}

// appendRun encodes a run with the tallies of its messages. after is the run
// before it, zero if there is none.
func appendRun(b []byte, r, after *run, tallies map[uint64]tally) []byte {
	flags := len(b)
	b = append(b, 0)
	b = binary.AppendUvarint(b, r.first()-after.last())
	b = binary.AppendVarint(b, int64(r.pos-after.pos))
	b = binary.AppendUvarint(b, uint64(r.bytes))
	span := r.to - r.from
	b = binary.AppendUvarint(b, uint64(span))
	if r.reach > 0 {
		b[flags] |= runLong
		b = binary.AppendUvarint(b, uint64(r.reach))
	}
	if back := r.back(); back > 0 {
		b[flags] |= runChunked
		b = binary.AppendUvarint(b, uint64(back))
	}
	if r.redelivered {
		b[flags] |= runRedelivered
	}
	if r.live != uint32(span)+1 {
		b[flags] |= runBits
		at := len(b)
		b = append(b, make([]byte, int(span)/8+1)...)
		for o := range uint32(span) + 1 {
			if !r.bit(r.from + uint16(o)) {
				b[at+int(o>>3)] |= 1 << (o & 7)
			}
		}
	}
	if len(tallies) == 0 {
		return b
	}
	b, known := appendTallies(b, r, tallies)
	b[flags] |= known
	return b
}

// appendTallies encodes those of a run, and returns the flags that say how.
func appendTallies(b []byte, r *run, tallies map[uint64]tally) (to []byte, flags byte) {
	n, due := uint32(0), false
	for seq := r.first(); seq <= r.last(); seq++ {
		if t, ok := tallies[seq]; ok && r.alive(seq) {
			n, due = n+1, due || t.due != 0
		}
	}
	if n == 0 {
		return b, 0
	}
	flags = runCounts
	if due {
		flags |= runDue
	}
	b = le.AppendUint32(b, n)
	for seq := r.first(); seq <= r.last(); seq++ {
		t, ok := tallies[seq]
		if !ok || !r.alive(seq) {
			continue
		}
		b = le.AppendUint16(b, uint16(seq-r.first()))
		b = le.AppendUint32(b, t.count)
		if due {
			b = le.AppendUint64(b, uint64(t.due))
		}
	}
	return b, flags
}

// decodeRun reads the run that follows another; its tallies go to known.
func decodeRun(b []byte, after *run, known func(seqTally)) (r run, rest []byte, ok bool) {
	c := cursor{b: b}
	flags := c.byte()
	r = run{
		seq: c.above(after.last()), pos: after.pos + log.Position(c.varint()),
		bytes: uint32(c.small(math.MaxUint32)), to: uint16(c.small(math.MaxUint16)),
		redelivered: flags&runRedelivered != 0,
	}
	if flags&runLong != 0 {
		r.reach = uint32(c.small(math.MaxUint32))
	}
	if flags&runChunked != 0 {
		r.setBack(uint32(c.small(math.MaxUint32)))
	}
	r.live = uint32(r.to) + 1
	if flags&runBits != 0 {
		if bits := c.bytes(int(r.to)/8 + 1); bits != nil {
			r.settleBits(bits)
		}
	}
	b = c.b
	if flags&runCounts != 0 {
		size := 6
		if flags&runDue != 0 {
			size = 14
		}
		list, rest, ok := list(b, 4, size)
		if !ok {
			return r, nil, false
		}
		for ; len(list) > 0; list = list[size:] {
			t := tally{count: le.Uint32(list[2:])}
			if size == 14 {
				t.due = int64(le.Uint64(list[6:]))
			}
			known(seqTally{r.seq + uint64(le.Uint16(list)), t})
		}
		b = rest
	}
	return r, b, !c.bad && flags&^runFlags == 0 && flags&(runCounts|runDue) != runDue && r.last() >= r.seq && r.live > 0
}

// settleBits settles the messages whose bit is not set.
func (r *run) settleBits(bits []byte) {
	for o := range uint32(r.to) + 1 {
		if bits[o>>3]>>(o&7)&1 == 0 {
			r.mask(uint16(o), uint16(o))
			r.live--
		}
	}
}

// queueRecord is what Badger keeps of a queue under its id.
type queueRecord struct {
	flags    byte
	position log.Position
	next     uint64
	nextPage uint64 // of the store, when that was written
	pages    []pageEntry
	tail     []byte // the last page, if it is short
}

// pageEntry names a page of a queue, and says what must be known of it while
// it is not read.
type pageEntry struct {
	number      uint64
	first, last uint64
	messages    uint32
	check       uint32
	lost        bool // it could not be read
	sums        pageSums
}

func (r *queueRecord) encode() []byte {
	size := 4*binary.MaxVarintLen64 + len(r.tail) + 4
	for i := range r.pages {
		size += 3*leastEntry + len(r.pages[i].sums)
	}
	b := make([]byte, 0, size)
	b = append(b, r.flags)
	b = binary.AppendUvarint(b, uint64(r.position))
	b = binary.AppendUvarint(b, r.next)
	b = binary.AppendUvarint(b, r.nextPage)
	b = binary.AppendUvarint(b, uint64(len(r.pages)))
	last := uint64(0)
	for i := range r.pages {
		b = r.pages[i].append(b, last)
		last = r.pages[i].last
	}
	return append(b, r.tail...)
}

// append encodes an entry; after is where the one before it ends.
func (p *pageEntry) append(b []byte, after uint64) []byte {
	flags := byte(0)
	if p.lost {
		flags |= pageLost
	}
	if p.number&formerPage == 0 {
		flags |= pageByAge
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, p.number&^formerPage)
	b = binary.AppendUvarint(b, p.first-after)
	b = binary.AppendUvarint(b, p.last-p.first)
	b = binary.AppendUvarint(b, uint64(p.messages))
	b = le.AppendUint32(b, p.check)
	b = binary.AppendUvarint(b, uint64(len(p.sums)))
	return append(b, p.sums...)
}

// decodeQueueRecord reads a record. It is good as long as b does not change.
func decodeQueueRecord(b []byte) (r queueRecord, ok bool) {
	c := cursor{b: b}
	r = queueRecord{
		flags: c.byte(), position: log.Position(c.uvarint()), next: c.uvarint(), nextPage: c.uvarint(),
	}
	if n := c.small(uint64(len(b) / leastEntry)); n > 0 {
		r.pages = make([]pageEntry, n)
	}
	last := uint64(0)
	for i := range r.pages {
		if !r.pages[i].decode(&c, last) {
			return r, false
		}
		last = r.pages[i].last
	}
	r.tail = c.b
	return r, !c.bad && r.flags&^(queueTombstone|queueMortal) == 0
}

func (p *pageEntry) decode(c *cursor, after uint64) (ok bool) {
	flags := c.byte()
	*p = pageEntry{lost: flags&pageLost != 0, number: c.small(formerPage - 1), first: c.above(after)}
	if flags&pageByAge == 0 {
		p.number |= formerPage
	}
	p.last = c.above(p.first)
	p.messages, p.check = uint32(c.small(math.MaxUint32)), c.uint32()
	p.sums = c.bytes(int(c.small(uint64(len(c.b)))))
	return !c.bad && flags&^pageFlags == 0 && p.sums.valid()
}

// gRecord ends a checkpoint.
type gRecord struct {
	position log.Position
	unclean  log.Position
	lastID   uint64
}

func (g *gRecord) encode() []byte {
	b := le.AppendUint64(nil, uint64(g.position))
	b = le.AppendUint64(b, uint64(g.unclean))
	return le.AppendUint64(b, g.lastID)
}

func decodeG(b []byte) (g gRecord, ok bool) {
	if len(b) != 24 {
		return g, false
	}
	return gRecord{
		position: log.Position(le.Uint64(b)), unclean: log.Position(le.Uint64(b[8:])), lastID: le.Uint64(b[16:]),
	}, true
}

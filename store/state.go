package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"hash/crc64"

	"github.com/lepusmq/lepus/store/log"
)

// The keys of Badger, by their first letter. DESIGN.md §3 has their form.
const (
	keyAnchor     = 'a'
	keyClean      = 'c'
	keyDefinition = 'd'
	keyG          = 'g'
	keySum        = 'h'
	keyPage       = 'p'
	keyQueue      = 'q'
	keySegment    = 's'
	keySweep      = 'w'
)

// stateVersion is the version of what is in Badger.
const stateVersion = 2

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
)

// pageLost is the flag of a page entry whose page could not be read.
const pageLost = 1

const (
	runSize     = 31
	recordSize  = 30 // of a queue record without its pages
	pageSize    = 36 // of a page entry without its sums
	pageSumSize = 20
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

// appendRun encodes a run with the delivery counts of its messages.
func appendRun(b []byte, r *run, counts map[uint64]uint32) []byte {
	b = le.AppendUint64(b, r.first())
	b = le.AppendUint64(b, uint64(r.pos))
	b = le.AppendUint32(b, r.reach)
	b = le.AppendUint32(b, r.back)
	b = le.AppendUint32(b, r.bytes)
	span := r.to - r.from
	b = le.AppendUint16(b, span)
	flags := len(b)
	b = append(b, 0)
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
	if len(counts) == 0 {
		return b
	}
	at, n := len(b), uint32(0)
	b = append(b, 0, 0, 0, 0)
	for o := range uint32(span) + 1 {
		if c := counts[r.first()+uint64(o)]; c > 0 && !r.bit(r.from+uint16(o)) {
			b = le.AppendUint16(b, uint16(o))
			b = le.AppendUint32(b, c)
			n++
		}
	}
	if n == 0 {
		return b[:at]
	}
	le.PutUint32(b[at:], n)
	b[flags] |= runCounts
	return b
}

// decodeRun reads a run; its counts go to count.
func decodeRun(b []byte, count func(seqCount)) (r run, rest []byte, ok bool) {
	if len(b) < runSize {
		return r, nil, false
	}
	r = run{
		seq: le.Uint64(b), pos: log.Position(le.Uint64(b[8:])), reach: le.Uint32(b[16:]),
		back: le.Uint32(b[20:]), bytes: le.Uint32(b[24:]), to: le.Uint16(b[28:]),
	}
	flags := b[30]
	b = b[runSize:]
	r.redelivered = flags&runRedelivered != 0
	r.live = uint32(r.to) + 1
	if flags&runBits != 0 {
		n := int(r.to)/8 + 1
		if len(b) < n {
			return r, nil, false
		}
		for o := range uint32(r.to) + 1 {
			if b[o>>3]>>(o&7)&1 == 0 {
				r.mask(uint16(o), uint16(o))
				r.live--
			}
		}
		b = b[n:]
	}
	if flags&runCounts != 0 {
		list, rest, ok := list(b, 4, 6)
		if !ok {
			return r, nil, false
		}
		for ; len(list) > 0; list = list[6:] {
			count(seqCount{seq: r.seq + uint64(le.Uint16(list)), count: le.Uint32(list[2:])})
		}
		b = rest
	}
	return r, b, r.live > 0
}

// queueRecord is what Badger keeps of a queue under its id.
type queueRecord struct {
	flags    byte
	position log.Position
	next     uint64
	nextPage uint64
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
	sums        []segmentSum
}

func (r *queueRecord) encode() []byte {
	size := recordSize + len(r.tail) + 4
	for i := range r.pages {
		size += pageSize + pageSumSize*len(r.pages[i].sums)
	}
	b := make([]byte, 0, size)
	b = append(b, r.flags, 0)
	b = le.AppendUint64(b, uint64(r.position))
	b = le.AppendUint64(b, r.next)
	b = le.AppendUint64(b, r.nextPage)
	b = le.AppendUint32(b, uint32(len(r.pages)))
	for i := range r.pages {
		b = r.pages[i].append(b)
	}
	return append(b, r.tail...)
}

func (p *pageEntry) append(b []byte) []byte {
	b = le.AppendUint64(b, p.number)
	b = le.AppendUint64(b, p.first)
	b = le.AppendUint64(b, p.last)
	b = le.AppendUint32(b, p.messages)
	b = le.AppendUint32(b, p.check)
	flags := uint16(0)
	if p.lost {
		flags |= pageLost
	}
	b = le.AppendUint16(b, flags)
	b = le.AppendUint16(b, uint16(len(p.sums)))
	for _, s := range p.sums {
		b = le.AppendUint64(b, s.seq)
		b = le.AppendUint32(b, uint32(s.sum.messages))
		b = le.AppendUint64(b, uint64(s.sum.bytes))
	}
	return b
}

func decodeQueueRecord(b []byte) (r queueRecord, ok bool) {
	if len(b) < recordSize {
		return r, false
	}
	r.flags = b[0]
	r.position = log.Position(le.Uint64(b[2:]))
	r.next = le.Uint64(b[10:])
	r.nextPage = le.Uint64(b[18:])
	n := uint64(le.Uint32(b[26:]))
	b = b[recordSize:]
	if n > uint64(len(b)/pageSize) {
		return r, false
	}
	if n > 0 {
		r.pages = make([]pageEntry, n)
	}
	for i := range r.pages {
		if b, ok = r.pages[i].decode(b); !ok {
			return r, false
		}
	}
	r.tail = b
	return r, r.flags&^(queueTombstone|queueMortal) == 0
}

func (p *pageEntry) decode(b []byte) (rest []byte, ok bool) {
	if len(b) < pageSize {
		return nil, false
	}
	*p = pageEntry{
		number: le.Uint64(b), first: le.Uint64(b[8:]), last: le.Uint64(b[16:]),
		messages: le.Uint32(b[24:]), check: le.Uint32(b[28:]),
	}
	flags, n := le.Uint16(b[32:]), int(le.Uint16(b[34:]))
	p.lost = flags&pageLost != 0
	b = b[pageSize:]
	if len(b) < n*pageSumSize || flags&^pageLost != 0 || p.first > p.last {
		return nil, false
	}
	p.sums = make([]segmentSum, n)
	for i := range p.sums {
		p.sums[i] = segmentSum{
			seq: le.Uint64(b), sum: sum{messages: int64(le.Uint32(b[8:])), bytes: int64(le.Uint64(b[12:]))},
		}
		b = b[pageSumSize:]
	}
	return b, true
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

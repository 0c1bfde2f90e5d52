package log

import (
	"encoding/binary"
	"hash/crc32"
	"math"
)

// A record is a header and its payload, filled up with zeros to a multiple of
// recordAlign. All numbers are little-endian.
//
//	 0  4  CRC-32C of all that follows, the filling included, begun with the store's id
//	 4  2  magic "LR"
//	 6  1  version of the record's form
//	 7  1  kind
//	 8  8  position
//	16  4  epoch
//	20  4  length of the payload
//	24  4  distance back from the position to what was synced when it was appended
//	28     payload
const (
	recordHeader  = 28
	recordAlign   = 4
	recordVersion = 1
	magicAt       = 4
)

// recordMagic is magic and version, by which a search finds records.
const recordMagic = "LR" + string(rune(recordVersion))

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// recordInfo is what a record says beside its payload.
type recordInfo struct {
	kind   Kind
	pos    Position
	epoch  uint32
	length uint32
	since  uint32
}

// synced returns the position up to which the log was synced when the record
// was appended.
func (r *recordInfo) synced() Position { return r.pos - Position(r.since) }

// size returns the size of the whole record.
func (r *recordInfo) size() int {
	return (recordHeader + int(r.length) + recordAlign - 1) &^ (recordAlign - 1)
}

// seal writes the header into rec, a whole record.
func (r *recordInfo) seal(rec []byte, seed uint32) {
	copy(rec[magicAt:], recordMagic)
	rec[7] = byte(r.kind)
	binary.LittleEndian.PutUint64(rec[8:], uint64(r.pos))
	binary.LittleEndian.PutUint32(rec[16:], r.epoch)
	binary.LittleEndian.PutUint32(rec[20:], r.length)
	binary.LittleEndian.PutUint32(rec[24:], r.since)
	binary.LittleEndian.PutUint32(rec, crc32.Update(seed, castagnoli, rec[magicAt:]))
}

// peek reads the header at the start of b without checking the checksum.
func (r *recordInfo) peek(b []byte) bool {
	if len(b) < recordHeader || string(b[magicAt:magicAt+len(recordMagic)]) != recordMagic {
		return false
	}
	r.kind = Kind(b[7])
	r.pos = Position(binary.LittleEndian.Uint64(b[8:]))
	r.epoch = binary.LittleEndian.Uint32(b[16:])
	r.length = binary.LittleEndian.Uint32(b[20:])
	r.since = binary.LittleEndian.Uint32(b[24:])
	return r.length <= MaxPayload
}

// intact says whether the record of that size at the start of b is all there
// and has the right checksum.
func intact(b []byte, size int, seed uint32) bool {
	return len(b) >= size && binary.LittleEndian.Uint32(b) == crc32.Update(seed, castagnoli, b[magicAt:size])
}

// record returns the record whose header is r and which begins b.
func (r *recordInfo) record(b []byte) Record {
	end := recordHeader + int(r.length)
	return Record{Position: r.pos, Kind: r.kind, Payload: b[recordHeader:end:end]}
}

// distance is how far back from lies from pos, as a record tells it.
func distance(pos, from Position) uint32 {
	return uint32(min(uint64(pos-from), math.MaxUint32))
}

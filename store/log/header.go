package log

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// A segment file begins with two copies of its header, each in a page of its
// own, so that neither a torn write nor a bad page takes both. Little-endian:
//
//	 0  4  CRC-32C of bytes 4 to 87
//	 4  4  format version
//	 8  8  magic "LEPUSLOG"
//	16 16  id of the store
//	32  8  sequence number of the segment
//	40  4  epoch of its records
//	44  4  epoch of the segment before, 0 if there is none
//	48  8  position of its first byte behind the headers
//	56  8  number of positions it has: the size of the file less the headers
//	64  8  exact end of the segment before, 0 if there is none
//	72 16  zero
const (
	headerSize    = 2 * headerPage
	headerPage    = 4096
	headerBytes   = 88
	headerMagic   = "LEPUSLOG"
	formatVersion = 1
)

// header is what a segment says of itself.
type header struct {
	id        StoreID
	seq       uint64
	epoch     uint32
	prevEpoch uint32
	start     Position
	room      int64
	prevEnd   Position
}

// limit is the end of the range of positions that the segment has.
func (h *header) limit() Position { return h.start + Position(h.room) }

func (h *header) bytes() []byte {
	b := make([]byte, headerSize)
	binary.LittleEndian.PutUint32(b[4:], formatVersion)
	copy(b[8:], headerMagic)
	copy(b[16:], h.id[:])
	binary.LittleEndian.PutUint64(b[32:], h.seq)
	binary.LittleEndian.PutUint32(b[40:], h.epoch)
	binary.LittleEndian.PutUint32(b[44:], h.prevEpoch)
	binary.LittleEndian.PutUint64(b[48:], uint64(h.start))
	binary.LittleEndian.PutUint64(b[56:], uint64(h.room))
	binary.LittleEndian.PutUint64(b[64:], uint64(h.prevEnd))
	binary.LittleEndian.PutUint32(b, crc32.Checksum(b[4:headerBytes], castagnoli))
	copy(b[headerPage:], b[:headerBytes])
	return b
}

// parseHeaders returns the newer of the valid copies in b. ok is false if none
// is valid; the error is ErrFormat if one may be of a newer program instead.
func parseHeaders(b []byte) (h header, ok bool, err error) {
	for ; len(b) >= headerPage; b = b[headerPage:] {
		if string(b[8:16]) != headerMagic {
			continue
		}
		if v := binary.LittleEndian.Uint32(b[4:]); v > formatVersion {
			err = fmt.Errorf("%w: it has version %d, this program knows %d", ErrFormat, v, formatVersion)
			continue
		}
		if binary.LittleEndian.Uint32(b) != crc32.Checksum(b[4:headerBytes], castagnoli) {
			continue
		}
		c := header{
			id:        StoreID(b[16:32]),
			seq:       binary.LittleEndian.Uint64(b[32:]),
			epoch:     binary.LittleEndian.Uint32(b[40:]),
			prevEpoch: binary.LittleEndian.Uint32(b[44:]),
			start:     Position(binary.LittleEndian.Uint64(b[48:])),
			room:      int64(binary.LittleEndian.Uint64(b[56:])),
			prevEnd:   Position(binary.LittleEndian.Uint64(b[64:])),
		}
		if !ok || c.seq > h.seq {
			h, ok = c, true
		}
	}
	if ok {
		err = nil
	}
	return h, ok, err
}

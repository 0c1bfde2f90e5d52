package amqp

import (
	"encoding/binary"
	"unicode/utf8"
)

const maxShortstr = 255

// text is what short and long strings are made from: kept as a string, or
// borrowed from a buffer.
type text interface{ ~string | ~[]byte }

func appendShortstr[T text](dst []byte, s T) []byte {
	if len(s) > maxShortstr {
		s = s[:maxShortstr]
	}
	dst = append(dst, byte(len(s)))
	return append(dst, s...)
}

func appendLongstr[T text](dst []byte, s T) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// reader takes arguments off the front of a slice. After the first that is not
// there it is failed and yields zeroes; only [reader.done] says so.
type reader struct {
	b      []byte
	failed bool
	utf8   bool // a short string was not UTF-8
}

func (r *reader) fail() { r.b, r.failed = nil, true }

func (r *reader) octet() (v uint8) {
	if len(r.b) < 1 {
		r.fail()
		return 0
	}
	v, r.b = r.b[0], r.b[1:]
	return v
}

func (r *reader) short() (v uint16) {
	if len(r.b) < 2 {
		r.fail()
		return 0
	}
	v, r.b = binary.BigEndian.Uint16(r.b), r.b[2:]
	return v
}

func (r *reader) long() (v uint32) {
	if len(r.b) < 4 {
		r.fail()
		return 0
	}
	v, r.b = binary.BigEndian.Uint32(r.b), r.b[4:]
	return v
}

func (r *reader) longlong() (v uint64) {
	if len(r.b) < 8 {
		r.fail()
		return 0
	}
	v, r.b = binary.BigEndian.Uint64(r.b), r.b[8:]
	return v
}

func (r *reader) timestamp() int64 { return int64(r.longlong()) }

// shortbytes borrows a short string.
func (r *reader) shortbytes() (v []byte) {
	if len(r.b) == 0 || len(r.b) <= int(r.b[0]) {
		r.fail()
		return nil
	}
	n := 1 + int(r.b[0])
	v, r.b = r.b[1:n:n], r.b[n:]
	return v
}

// shortstr copies a short string, which must be UTF-8: RabbitMQ insists on it
// in methods without content.
func (r *reader) shortstr() string {
	b := r.shortbytes()
	if !utf8.Valid(b) {
		r.utf8 = true
	}
	return string(b)
}

func (r *reader) longbytes() (v []byte) {
	n := r.long()
	if uint64(n) > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	v, r.b = r.b[:n:n], r.b[n:]
	return v
}

func (r *reader) longstr() string { return string(r.longbytes()) }

func (r *reader) table() Table {
	t, n, err := ParseTable(r.b)
	if err != nil {
		r.fail()
		return nil
	}
	r.b = r.b[n:]
	return t
}

// done returns the error of the method whose arguments were read, if they were
// not all there or something is left.
func (r *reader) done(id MethodID, args []byte) error {
	if !r.failed && !r.utf8 && len(r.b) == 0 {
		return nil
	}
	return r.fault(id, args)
}

// fault has a copy of the reader so that done can be inlined and the readers of
// hot methods stay in registers.
func (r reader) fault(id MethodID, args []byte) error {
	if r.failed || len(r.b) != 0 {
		return Undecodable(id, args)
	}
	return NotUTF8()
}

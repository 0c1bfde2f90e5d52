package store

import "encoding/binary"

// cursor reads the numbers of a value. Behind the end, or where a number is
// not as short as it could be, it is bad, and all that follows is zero.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 || n > 1 && c.b[n-1] == 0 {
		c.fail()
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) varint() int64 {
	v := c.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// small is uvarint of a number that is at most most.
func (c *cursor) small(most uint64) uint64 {
	v := c.uvarint()
	if v > most {
		c.fail()
		return 0
	}
	return v
}

// above is what is so much above another number.
func (c *cursor) above(low uint64) uint64 {
	v := low + c.uvarint()
	if v < low {
		c.fail()
		return 0
	}
	return v
}

func (c *cursor) byte() byte {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) uint32() uint32 {
	if b := c.bytes(4); b != nil {
		return le.Uint32(b)
	}
	return 0
}

// bytes are the next n, in place; nil if there are not so many.
func (c *cursor) bytes(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.fail()
		return nil
	}
	b := c.b[:n:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) fail() { c.b, c.bad = nil, true }

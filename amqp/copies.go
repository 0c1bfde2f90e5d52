package amqp

// The headers with which a sender names routing keys beside that of its
// publish. Those of BCC are not for receivers to see.
const (
	CopyHeader      = "CC"
	BlindCopyHeader = "BCC"
)

// Copies are the routing keys that the headers of a message name. The zero
// Copies is none; its memory is used again by the next [Copies.Parse].
type Copies struct {
	CC, BCC [][]byte // borrowed
	// Blind says that there is a BCC header, even one without keys.
	Blind bool
}

// Any reports whether there are any keys.
func (c *Copies) Any() bool { return len(c.CC)+len(c.BCC) > 0 }

// Forget lets go of the message that the keys are in, and keeps the memory.
func (c *Copies) Forget() {
	clear(c.CC)
	clear(c.BCC)
	c.CC, c.BCC = c.CC[:0], c.BCC[:0]
}

// Parse looks for copies in headers, which passed [CheckProperties] and have
// their length before them. What is no long string is passed over, as in
// RabbitMQ; a header that is no array is an error, 406.
func (c *Copies) Parse(headers []byte) *Error {
	c.CC, c.BCC, c.Blind = c.CC[:0], c.BCC[:0], false
	var bad *Error
	for b := headers[min(4, len(headers)):]; len(b) > 0; {
		key, value, rest := cutField(b)
		b = rest
		switch string(key) {
		case CopyHeader:
			if value[0] != tagArray {
				// Whatever is wrong with the other one.
				return WrongCopyHeader(CopyHeader, decodeValue(string(value)))
			}
			c.CC = appendKeys(c.CC, value[5:])
		case BlindCopyHeader:
			c.Blind = true
			if value[0] != tagArray {
				bad = WrongCopyHeader(BlindCopyHeader, decodeValue(string(value)))
				continue
			}
			c.BCC = appendKeys(c.BCC, value[5:])
		}
	}
	return bad
}

// appendKeys appends the long strings of an array.
func appendKeys(keys [][]byte, array []byte) [][]byte {
	for len(array) > 0 {
		n := valueSize(array)
		if array[0] == tagString {
			keys = append(keys, array[5:n:n])
		}
		array = array[n:]
	}
	return keys
}

// cutField takes the first field off the fields of a table that was checked.
func cutField(b []byte) (key, value, rest []byte) {
	n := 1 + int(b[0])
	key, b = b[1:n], b[n:]
	n = valueSize(b)
	return key, b[:n], b[n:]
}

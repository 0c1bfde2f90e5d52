package amqp

import "encoding/binary"

// Table is a field table: fields in the order they have on the wire. No table
// and an empty one are the same.
type Table []Field

// Field is one field of a table. Its key is at most 255 octets, the rest is
// cut when encoded.
type Field struct {
	Key   string
	Value Value
}

// Get returns the value of the first field with the key.
func (t Table) Get(key string) (Value, bool) {
	for i := range t {
		if t[i].Key == key {
			return t[i].Value, true
		}
	}
	return Value{}, false
}

// maxDepth bounds how deep tables and arrays may nest, so that a peer cannot
// make the stack grow.
const maxDepth = 128

// ParseTable reads the table at the start of b, with its length in four octets
// before it, and returns how many octets it took. It keeps nothing of b, and
// allocates in proportion to what is there, whatever lengths are declared. The
// error is no [*Error]: what the peer is told depends on where the table came
// from.
func ParseTable(b []byte) (t Table, n int, err error) {
	if n = tableSize(b); n == 0 {
		return nil, 0, errTable
	}
	return decodeTable(string(b[4:n])), n, nil
}

// ParseTableBody is [ParseTable] for a table without its length, which takes up
// all of b, as the response of the AMQPLAIN mechanism is.
func ParseTableBody(b []byte) (Table, error) {
	if !checkTable(b, maxDepth) {
		return nil, errTable
	}
	return decodeTable(string(b)), nil
}

// Append appends the table with its length before it.
func (t Table) Append(dst []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for i := range t {
		dst = appendShortstr(dst, t[i].Key)
		dst = t[i].Value.append(dst)
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

func (v Value) append(dst []byte) []byte {
	tag := v.Tag()
	dst = append(dst, tag)
	switch tag {
	case tagBool, tagInt8, tagUint8:
		return append(dst, byte(v.bits))
	case tagInt16, tagUint16:
		return binary.BigEndian.AppendUint16(dst, uint16(v.bits))
	case tagInt32, tagUint32, tagFloat32:
		return binary.BigEndian.AppendUint32(dst, uint32(v.bits))
	case tagInt64, tagLong, tagFloat64, tagTimestamp:
		return binary.BigEndian.AppendUint64(dst, v.bits)
	case tagDecimal:
		dst = append(dst, byte(v.bits>>32))
		return binary.BigEndian.AppendUint32(dst, uint32(v.bits))
	case tagString, tagBytes:
		return appendLongstr(dst, v.text)
	case tagTable:
		t, _ := v.Table()
		return t.Append(dst)
	case tagArray:
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		vs, _ := v.Array()
		for _, e := range vs {
			dst = e.append(dst)
		}
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

package amqp

import "errors"

// Tables are read in two steps. The check walks the bytes without allocating:
// it is all that the properties of a message get on their way through. The
// decode follows only on bytes that passed the check.

// errTable is all there is to say of bytes that are no table; what the peer is
// told depends on where they came from.
var errTable = errors.New("amqp: malformed field table")

// tableSize returns the size of the table that b begins with, its length
// included, or 0 if there is none that is well formed.
func tableSize(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	size := 4 + number(b[:4])
	if size > uint64(len(b)) || !checkTable(b[4:size], maxDepth) {
		return 0
	}
	return int(size)
}

// checkTable reports whether b is the fields of a table.
func checkTable(b []byte, depth int) bool {
	for len(b) > 0 {
		n := 1 + int(b[0])
		if n >= len(b) {
			return false
		}
		size, ok := checkValue(b[n:], depth)
		if !ok {
			return false
		}
		b = b[n+size:]
	}
	return true
}

// checkArray reports whether b is the elements of an array.
func checkArray(b []byte, depth int) bool {
	for len(b) > 0 {
		size, ok := checkValue(b, depth)
		if !ok {
			return false
		}
		b = b[size:]
	}
	return true
}

// checkValue returns the size of the value that b begins with, which is not
// empty.
func checkValue(b []byte, depth int) (size int, ok bool) {
	size = valueSize(b)
	if size == 0 {
		return 0, false
	}
	switch b[0] {
	case tagTable:
		ok = depth > 0 && checkTable(b[5:size], depth-1)
	case tagArray:
		ok = depth > 0 && checkArray(b[5:size], depth-1)
	default:
		ok = true
	}
	return size, ok
}

// valueSize returns the size of the value that b begins with, tag included, or
// 0 if there is no such type or it is not all there. It does not look inside
// tables and arrays.
func valueSize[T text](b T) int {
	var size uint64
	switch b[0] {
	case tagVoid:
		size = 1
	case tagBool, tagInt8, tagUint8:
		size = 2
	case tagInt16, tagUint16:
		size = 3
	case tagInt32, tagUint32, tagFloat32:
		size = 5
	case tagDecimal:
		size = 6
	case tagInt64, tagLong, tagFloat64, tagTimestamp:
		size = 9
	case tagString, tagBytes, tagTable, tagArray:
		if len(b) < 5 {
			return 0
		}
		size = 5 + number(b[1:5])
	}
	if size > uint64(len(b)) {
		return 0
	}
	return int(size)
}

// number reads an unsigned integer as long as b.
func number[T text](b T) (n uint64) {
	for i := 0; i < len(b); i++ {
		n = n<<8 | uint64(b[i])
	}
	return n
}

// decodeTable decodes fields that passed the check. Keys and strings share the
// memory of s.
func decodeTable(s string) Table {
	if s == "" {
		return nil
	}
	n := 0
	for rest := s; len(rest) > 0; n++ {
		rest = rest[1+int(rest[0]):]
		rest = rest[valueSize(rest):]
	}
	t := make(Table, n)
	for i := range t {
		at := 1 + int(s[0])
		t[i].Key, s = s[1:at], s[at:]
		at = valueSize(s)
		t[i].Value, s = decodeValue(s[:at]), s[at:]
	}
	return t
}

// decodeArray decodes elements that passed the check.
func decodeArray(s string) []Value {
	if s == "" {
		return nil
	}
	n := 0
	for rest := s; len(rest) > 0; n++ {
		rest = rest[valueSize(rest):]
	}
	vs := make([]Value, n)
	for i := range vs {
		at := valueSize(s)
		vs[i], s = decodeValue(s[:at]), s[at:]
	}
	return vs
}

// decodeValue decodes a value that is all of s and passed the check.
func decodeValue(s string) Value {
	v := Value{tag: s[0]}
	switch v.tag {
	case tagBool:
		v.bits = uint64(bit(s[1] != 0))
	case tagInt8:
		v.bits = uint64(int8(s[1]))
	case tagInt16:
		v.bits = uint64(int16(number(s[1:])))
	case tagInt32:
		v.bits = uint64(int32(number(s[1:])))
	case tagDecimal:
		v.bits = number(s[1:])
	case tagString, tagBytes:
		v.text = s[5:]
	case tagTable:
		v.list = decodeTable(s[5:])
	case tagArray:
		v.list = decodeArray(s[5:])
	default:
		v.bits = number(s[1:])
	}
	return v
}

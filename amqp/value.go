package amqp

import "math"

// Value is one value of a field table, together with its type on the wire. The
// zero Value is void. It is immutable, and cheap to copy.
type Value struct {
	_    [0]func() // not for ==: see [Value.Equal]
	tag  byte
	bits uint64 // numbers; a decimal has its scale above 32 bits
	text string // long strings and byte arrays
	list any    // a Table, or a []Value
}

// The types of values, by their octet on the wire.
const (
	tagBool      = 't'
	tagInt8      = 'b'
	tagUint8     = 'B'
	tagInt16     = 's'
	tagUint16    = 'u'
	tagInt32     = 'I'
	tagUint32    = 'i'
	tagInt64     = 'l'
	tagLong      = 'L' // as tagInt64, of other clients
	tagFloat32   = 'f'
	tagFloat64   = 'd'
	tagDecimal   = 'D'
	tagTimestamp = 'T'
	tagString    = 'S'
	tagBytes     = 'x'
	tagArray     = 'A'
	tagTable     = 'F'
	tagVoid      = 'V'
)

// String makes a long string.
func String(s string) Value { return Value{tag: tagString, text: s} }

// Bytes makes a byte array.
func Bytes(b []byte) Value { return Value{tag: tagBytes, text: string(b)} }

// Bool makes a boolean.
func Bool(b bool) Value { return Value{tag: tagBool, bits: uint64(bit(b))} }

// Int8 makes a signed 8-bit integer.
func Int8(n int8) Value { return Value{tag: tagInt8, bits: uint64(n)} }

// Uint8 makes an unsigned 8-bit integer.
func Uint8(n uint8) Value { return Value{tag: tagUint8, bits: uint64(n)} }

// Int16 makes a signed 16-bit integer.
func Int16(n int16) Value { return Value{tag: tagInt16, bits: uint64(n)} }

// Uint16 makes an unsigned 16-bit integer.
func Uint16(n uint16) Value { return Value{tag: tagUint16, bits: uint64(n)} }

// Int32 makes a signed 32-bit integer.
func Int32(n int32) Value { return Value{tag: tagInt32, bits: uint64(n)} }

// Uint32 makes an unsigned 32-bit integer.
func Uint32(n uint32) Value { return Value{tag: tagUint32, bits: uint64(n)} }

// Int64 makes a signed 64-bit integer.
func Int64(n int64) Value { return Value{tag: tagInt64, bits: uint64(n)} }

// Float32 makes a 32-bit float.
func Float32(f float32) Value { return Value{tag: tagFloat32, bits: uint64(math.Float32bits(f))} }

// Float64 makes a 64-bit float.
func Float64(f float64) Value { return Value{tag: tagFloat64, bits: math.Float64bits(f)} }

// Decimal makes n divided by ten to the power of scale.
func Decimal(scale uint8, n uint32) Value {
	return Value{tag: tagDecimal, bits: uint64(scale)<<32 | uint64(n)}
}

// Timestamp makes a time, in seconds since 1970.
func Timestamp(seconds int64) Value { return Value{tag: tagTimestamp, bits: uint64(seconds)} }

// TableValue makes a nested table, which must not be changed afterwards.
func TableValue(t Table) Value { return Value{tag: tagTable, list: t} }

// Array makes an array of vs, which must not be changed afterwards.
func Array(vs ...Value) Value { return Value{tag: tagArray, list: vs} }

// Void makes the value that is only there.
func Void() Value { return Value{tag: tagVoid} }

// Tag returns the octet that stands for the type on the wire.
func (v Value) Tag() byte {
	if v.tag == 0 {
		return tagVoid
	}
	return v.tag
}

// IsVoid reports whether v is void.
func (v Value) IsVoid() bool { return v.Tag() == tagVoid }

// Str returns a long string or a byte array.
func (v Value) Str() (string, bool) {
	return v.text, v.tag == tagString || v.tag == tagBytes
}

// Bool returns a boolean.
func (v Value) Bool() (b, ok bool) { return v.tag == tagBool && v.bits != 0, v.tag == tagBool }

// Int returns an integer of any width. A timestamp is none.
func (v Value) Int() (int64, bool) {
	switch v.tag {
	case tagInt8, tagUint8, tagInt16, tagUint16, tagInt32, tagUint32, tagInt64, tagLong:
		return int64(v.bits), true
	}
	return 0, false
}

// Float returns a float of either width.
func (v Value) Float() (float64, bool) {
	switch v.tag {
	case tagFloat32:
		return float64(math.Float32frombits(uint32(v.bits))), true
	case tagFloat64:
		return math.Float64frombits(v.bits), true
	}
	return 0, false
}

// Decimal returns a decimal: n divided by ten to the power of scale.
func (v Value) Decimal() (scale uint8, n uint32, ok bool) {
	if v.tag != tagDecimal {
		return 0, 0, false
	}
	return uint8(v.bits >> 32), uint32(v.bits), true
}

// Timestamp returns a time, in seconds since 1970.
func (v Value) Timestamp() (seconds int64, ok bool) {
	if v.tag != tagTimestamp {
		return 0, false
	}
	return int64(v.bits), true
}

// Table returns a nested table, which must not be changed.
func (v Value) Table() (Table, bool) {
	t, ok := v.list.(Table)
	return t, ok
}

// Array returns the elements of an array, which must not be changed.
func (v Value) Array() ([]Value, bool) {
	vs, ok := v.list.([]Value)
	return vs, ok
}

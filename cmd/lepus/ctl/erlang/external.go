package erlang

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// The tags of the external term format that are written or read, see "External Term
// Format" in the documentation of ERTS.
const (
	version = 131

	tagNewFloat      = 70
	tagSmallInteger  = 97
	tagInteger       = 98
	tagAtom          = 100
	tagSmallTuple    = 104
	tagLargeTuple    = 105
	tagNil           = 106
	tagString        = 107
	tagList          = 108
	tagBinary        = 109
	tagSmallBig      = 110
	tagSmallAtom     = 115
	tagMap           = 116
	tagAtomUTF8      = 118
	tagSmallAtomUTF8 = 119
)

// errShort is the error for bytes that end within a term.
var errShort = errors.New("the term is cut off")

// Marshal returns a term in the external format. It takes what [Parse] returns.
func Marshal(v any) ([]byte, error) { return appendTerm([]byte{version}, v) }

func appendTerm(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case Atom:
		if len(v) > math.MaxUint8 {
			return nil, fmt.Errorf("the atom %.20q… is too long", string(v))
		}
		return append(append(b, tagSmallAtomUTF8, byte(len(v))), v...), nil
	case string:
		return append(binary.BigEndian.AppendUint32(append(b, tagBinary), uint32(len(v))), v...), nil
	case Text:
		return appendText(b, string(v))
	case float64:
		return binary.BigEndian.AppendUint64(append(b, tagNewFloat), math.Float64bits(v)), nil
	case int64:
		return appendInteger(b, v), nil
	case Tuple:
		return appendAll(binary.BigEndian.AppendUint32(append(b, tagLargeTuple), uint32(len(v))), v)
	case []any:
		if len(v) == 0 {
			return append(b, tagNil), nil
		}
		b, err := appendAll(binary.BigEndian.AppendUint32(append(b, tagList), uint32(len(v))), v)
		return append(b, tagNil), err
	case Map:
		return appendAll(binary.BigEndian.AppendUint32(append(b, tagMap), uint32(len(v)/2)), v)
	}
	return nil, fmt.Errorf("%T is no term", v)
}

func appendAll(b []byte, all []any) ([]byte, error) {
	var err error
	for _, v := range all {
		if b, err = appendTerm(b, v); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// appendText writes a text as Erlang does: short ones of small characters have a form
// of their own among lists.
func appendText(b []byte, s string) ([]byte, error) {
	small := make([]byte, 0, len(s))
	wide := make([]any, 0, len(s))
	for _, r := range s {
		small, wide = append(small, byte(r)), append(wide, int64(r))
		if r > math.MaxUint8 {
			small = nil
		}
	}
	if len(wide) > 0 && len(small) == len(wide) && len(small) <= math.MaxUint16 {
		return append(binary.BigEndian.AppendUint16(append(b, tagString), uint16(len(small))), small...), nil
	}
	return appendTerm(b, wide)
}

func appendInteger(b []byte, n int64) []byte {
	switch {
	case n >= 0 && n <= math.MaxUint8:
		return append(b, tagSmallInteger, byte(n))
	case n >= math.MinInt32 && n <= math.MaxInt32:
		return binary.BigEndian.AppendUint32(append(b, tagInteger), uint32(n))
	}
	sign, size := byte(0), uint64(n)
	if n < 0 {
		sign, size = 1, -size
	}
	return binary.LittleEndian.AppendUint64(append(b, tagSmallBig, 8, sign), size)
}

// Unmarshal reads a term in the external format, whatever the bytes are.
func Unmarshal(b []byte) (any, error) {
	if len(b) == 0 || b[0] != version {
		return nil, errors.New("this is no term in the external format")
	}
	d := &decoder{b[1:]}
	v, err := d.term(0)
	if err == nil && len(d.rest) > 0 {
		err = errors.New("something comes after the term")
	}
	return v, err
}

type decoder struct{ rest []byte }

func (d *decoder) take(n int) ([]byte, error) {
	if n < 0 || n > len(d.rest) {
		return nil, errShort
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b, nil
}

// size takes a count of n bytes.
func (d *decoder) size(n int) (int, error) {
	b, err := d.take(n)
	size := 0
	for _, c := range b {
		size = size<<8 | int(c)
	}
	return size, err
}

// sized takes as many bytes as the count of n bytes before them says.
func (d *decoder) sized(n int) (string, error) {
	size, err := d.size(n)
	if err != nil {
		return "", err
	}
	b, err := d.take(size)
	return string(b), err
}

func (d *decoder) term(depth int) (any, error) {
	tag, err := d.size(1)
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, errors.New("terms lie too deep in each other")
	}
	switch tag {
	case tagSmallInteger:
		n, err := d.size(1)
		return int64(n), err
	case tagInteger:
		n, err := d.size(4)
		return int64(int32(n)), err
	case tagSmallBig:
		return d.big()
	case tagNewFloat:
		b, err := d.take(8)
		if err != nil {
			return nil, err
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	case tagAtom, tagAtomUTF8:
		s, err := d.sized(2)
		return Atom(s), err
	case tagSmallAtom, tagSmallAtomUTF8:
		s, err := d.sized(1)
		return Atom(s), err
	case tagBinary:
		return d.sized(4)
	case tagString:
		s, err := d.sized(2)
		return latin1(s), err
	case tagNil:
		return []any{}, nil
	case tagList:
		return d.list(depth)
	case tagSmallTuple, tagLargeTuple:
		all, err := d.many(map[int]int{tagSmallTuple: 1, tagLargeTuple: 4}[tag], 1, depth)
		return Tuple(all), err
	case tagMap:
		all, err := d.many(4, 2, depth)
		return Map(all), err
	}
	return nil, fmt.Errorf("terms of the kind %d are not known", tag)
}

// latin1 is a text whose characters are bytes.
func latin1(s string) Text {
	var b []byte
	for i := range len(s) {
		b = utf8.AppendRune(b, rune(s[i]))
	}
	return Text(b)
}

func (d *decoder) big() (any, error) {
	n, err := d.size(1)
	if err != nil {
		return nil, err
	}
	b, err := d.take(n + 1)
	if err != nil {
		return nil, err
	}
	var size uint64
	for i := n; i > 0; i-- {
		if size > math.MaxInt64>>8 {
			return nil, errors.New("a number is too large")
		}
		size = size<<8 | uint64(b[i])
	}
	if b[0] == 1 {
		return -int64(size), nil
	}
	return int64(size), nil
}

// many takes as many terms, times each, as the count of n bytes before them says.
func (d *decoder) many(n, each, depth int) ([]any, error) {
	count, err := d.size(n)
	if err != nil {
		return nil, err
	}
	if count > len(d.rest)/each { // a term takes a byte at least
		return nil, errShort
	}
	all := make([]any, 0, count*each)
	for range count * each {
		v, err := d.term(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// list takes a list, which must end as proper ones do.
func (d *decoder) list(depth int) (any, error) {
	all, err := d.many(4, 1, depth)
	if err != nil {
		return nil, err
	}
	if end, err := d.size(1); err != nil || end != tagNil {
		return nil, errors.New("a list does not end with a nil")
	}
	return all, nil
}

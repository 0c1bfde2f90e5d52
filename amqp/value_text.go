package amqp

import (
	"fmt"
	"strconv"
	"strings"
)

// TypeName returns the type's name in RabbitMQ's error texts: longstr, long,
// signedint, bool, ...
func (v Value) TypeName() string {
	switch v.Tag() {
	case tagBool:
		return "bool"
	case tagInt8:
		return "byte"
	case tagUint8:
		return "unsignedbyte"
	case tagInt16:
		return "short"
	case tagUint16:
		return "unsignedshort"
	case tagInt32:
		return "signedint"
	case tagUint32:
		return "unsignedint"
	case tagInt64, tagLong:
		return "long"
	case tagFloat32:
		return "float"
	case tagFloat64:
		return "double"
	case tagDecimal:
		return "decimal"
	case tagTimestamp:
		return "timestamp"
	case tagString:
		return "longstr"
	case tagBytes:
		return "binary"
	case tagArray:
		return "array"
	case tagTable:
		return "table"
	}
	return "void"
}

// Text returns the value as RabbitMQ shows it in its error texts: strings as
// they are, anything else as an Erlang term.
func (v Value) Text() string {
	if s, ok := v.Str(); ok {
		return s
	}
	return v.term()
}

// term returns the value as an Erlang term.
func (v Value) term() string {
	switch v.Tag() {
	case tagString, tagBytes:
		return erlangBinary(v.text)
	case tagBool:
		return strconv.FormatBool(v.bits != 0)
	case tagFloat32, tagFloat64:
		f, _ := v.Float()
		return erlangFloat(f)
	case tagDecimal:
		return fmt.Sprintf("{%d,%d}", v.bits>>32, uint32(v.bits))
	case tagTimestamp:
		return strconv.FormatUint(v.bits, 10)
	case tagVoid:
		return "undefined"
	case tagTable:
		t, _ := v.Table()
		terms := make([]string, len(t))
		for i, f := range t {
			terms[i] = f.Term()
		}
		return "[" + strings.Join(terms, ",") + "]"
	case tagArray:
		vs, _ := v.Array()
		terms := make([]string, len(vs))
		for i, e := range vs {
			terms[i] = "{" + e.TypeName() + "," + e.term() + "}"
		}
		return "[" + strings.Join(terms, ",") + "]"
	}
	return strconv.FormatInt(int64(v.bits), 10)
}

// Term returns a field of a table as an Erlang term of three, as RabbitMQ holds
// it: key, type and value.
func (f Field) Term() string {
	return "{" + erlangBinary(f.Key) + "," + f.Value.TypeName() + "," + f.Value.term() + "}"
}

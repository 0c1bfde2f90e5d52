package amqp

import (
	"encoding/binary"
	"strconv"
)

// MethodID names a method: its class in the upper 16 bits, its number within
// the class in the lower.
type MethodID uint32

// Class returns the class, 60 of 60.40 (basic.publish).
func (id MethodID) Class() uint16 { return uint16(id >> 16) }

// Method returns the number within the class, 40 of 60.40.
func (id MethodID) Method() uint16 { return uint16(id) }

// String returns the name, "queue.declare", or the numbers, "60.999", of a
// method that does not exist.
func (id MethodID) String() string {
	if name := methodName(id); name != "" {
		return name
	}
	return strconv.Itoa(int(id.Class())) + "." + strconv.Itoa(int(id.Method()))
}

// Method is one AMQP method. The implementations, one struct per method named
// class + method, are generated; their zero values are ready for Decode.
//
// Strings are copied when decoded, except the []byte fields of the methods that
// carry content: these are borrowed. A string too long for its field (255
// octets of a short string) is cut when encoded.
type Method interface {
	// ID returns the class and method number.
	ID() MethodID
	// Append appends the payload of a method frame: class, method, arguments.
	Append(dst []byte) []byte
	// Decode sets every field from the arguments, all of which must be used
	// up. The error is an [*Error], 501.
	Decode(args []byte) error
}

// ParseMethod splits the payload of a method frame. args is borrowed. A payload
// too short for a method is a 501.
func ParseMethod(payload []byte) (id MethodID, args []byte, err error) {
	if len(payload) < 4 {
		return 0, nil, UnknownFrame(FrameMethod, payload)
	}
	return MethodID(binary.BigEndian.Uint32(payload)), payload[4:], nil
}

// DecodeMethod decodes the arguments of a method into a new struct. An unknown
// id is a 503, arguments that cannot be decoded are a 501.
func DecodeMethod(id MethodID, args []byte) (Method, error) {
	m := newMethod(id)
	if m == nil {
		return nil, UnknownMethod(id)
	}
	if err := m.Decode(args); err != nil {
		return nil, err
	}
	return m, nil
}

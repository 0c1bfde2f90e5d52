package amqp

import "encoding/binary"

// ContentHeader is the payload of a header frame. The properties are borrowed,
// and neither checked nor decoded: see [CheckProperties], [ParseProperties].
type ContentHeader struct {
	Class      uint16
	Weight     uint16
	BodySize   uint64
	Properties []byte
}

// contentHeaderSize is what lies before the properties.
const contentHeaderSize = 12

// ParseHeader reads the payload of a header frame. One that is too short is a
// 501.
func ParseHeader(payload []byte) (h ContentHeader, err error) {
	if len(payload) < contentHeaderSize {
		return h, UnknownFrame(FrameHeader, payload)
	}
	h.Class = binary.BigEndian.Uint16(payload)
	h.Weight = binary.BigEndian.Uint16(payload[2:])
	h.BodySize = binary.BigEndian.Uint64(payload[4:])
	h.Properties = payload[contentHeaderSize:]
	return h, nil
}

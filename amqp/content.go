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

// Decode reads the payload of a header frame. One that is too short is a 501.
func (h *ContentHeader) Decode(payload []byte) error {
	if len(payload) < contentHeaderSize {
		return UnknownFrame(FrameHeader, payload)
	}
	h.Class = binary.BigEndian.Uint16(payload)
	h.Weight = binary.BigEndian.Uint16(payload[2:])
	h.BodySize = binary.BigEndian.Uint64(payload[4:])
	h.Properties = payload[contentHeaderSize:]
	return nil
}

// ParseHeader is [ContentHeader.Decode] into a new header, which costs a little
// more: a struct of this size is returned through memory.
func ParseHeader(payload []byte) (h ContentHeader, err error) {
	err = h.Decode(payload)
	return h, err
}

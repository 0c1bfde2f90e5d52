package amqp

import "encoding/binary"

// Frame types.
const (
	FrameMethod    uint8 = 1
	FrameHeader    uint8 = 2
	FrameBody      uint8 = 3
	FrameHeartbeat uint8 = 8
)

const (
	// FrameEnd is the octet behind every payload.
	FrameEnd byte = 0xCE
	// FrameHeaderSize is how many octets lie before the payload: type,
	// channel and payload size.
	FrameHeaderSize = 7
	// FrameOverhead is how many octets a frame has besides its payload.
	FrameOverhead = FrameHeaderSize + 1
	// FrameMinSize is the smallest frame-max that may be negotiated.
	FrameMinSize = 4096
)

// ProtocolHeader is what a client sends first, and what a server answers to
// one that speaks something else.
const ProtocolHeader = "AMQP\x00\x00\x09\x01"

// Frame is one frame. Its payload is borrowed from the buffer it was parsed
// from.
type Frame struct {
	Type    uint8
	Channel uint16
	Payload []byte
}

// ParseFrame reads the frame at the start of buf and returns it with its whole
// length n. With n == 0 and no error more bytes are needed.
//
// maxPayload bounds the payload, 0 is no bound; RabbitMQ lets the payload alone
// be as long as the negotiated frame-max. A frame that is too large or of no
// known type, as is a heartbeat with a payload, is refused (501) as soon as its
// first seven octets are there; one with a wrong end octet when that is.
func ParseFrame(buf []byte, maxPayload uint32) (f Frame, n int, err error) {
	if len(buf) < FrameHeaderSize {
		return Frame{}, 0, nil
	}
	typ := buf[0]
	channel := binary.BigEndian.Uint16(buf[1:])
	size := binary.BigEndian.Uint32(buf[3:])
	if maxPayload != 0 && size > maxPayload {
		return Frame{}, 0, FrameTooLarge(typ, size, maxPayload)
	}
	if typ < FrameMethod || typ > FrameBody {
		if typ != FrameHeartbeat || size != 0 {
			payload := buf[FrameHeaderSize:]
			return Frame{}, 0, UnknownFrame(typ, payload[:min(uint64(size), uint64(len(payload)))])
		}
	}
	// In 64 bits, for a size near the top of 32 must not wrap round.
	if uint64(len(buf)) < uint64(size)+FrameOverhead {
		return Frame{}, 0, nil
	}
	end := FrameHeaderSize + int(size)
	payload := buf[FrameHeaderSize:end:end]
	if buf[end] != FrameEnd {
		return Frame{}, 0, BadFrameEnd(typ, payload, buf[end])
	}
	return Frame{Type: typ, Channel: channel, Payload: payload}, end + 1, nil
}

// BeginFrame appends the header of a frame whose size is not known yet. Append
// the payload to b, then hand b and at to [EndFrame].
func BeginFrame(dst []byte, typ uint8, channel uint16) (b []byte, at int) {
	return beginFrame(dst, typ, channel, 0), len(dst)
}

// EndFrame fills in the size of the frame begun at at and appends its end
// octet.
func EndFrame(dst []byte, at int) []byte {
	binary.BigEndian.PutUint32(dst[at+3:], uint32(len(dst)-at-FrameHeaderSize))
	return append(dst, FrameEnd)
}

func beginFrame(dst []byte, typ uint8, channel uint16, size int) []byte {
	return append(dst, typ, byte(channel>>8), byte(channel),
		byte(size>>24), byte(size>>16), byte(size>>8), byte(size))
}

// AppendMethod appends a method frame. m escapes through the interface: where
// an allocation per frame would hurt, reuse the struct, or call its own Append
// between [BeginFrame] and [EndFrame].
func AppendMethod(dst []byte, channel uint16, m Method) []byte {
	b, at := BeginFrame(dst, FrameMethod, channel)
	return EndFrame(m.Append(b), at)
}

// AppendHeader appends a content header frame. properties are the flags and
// the property list as on the wire, see [Properties.Append].
func AppendHeader(dst []byte, channel, class uint16, bodySize uint64, properties []byte) []byte {
	dst = beginFrame(dst, FrameHeader, channel, contentHeaderSize+len(properties))
	dst = append(dst, byte(class>>8), byte(class), 0, 0) // the weight is always zero
	dst = binary.BigEndian.AppendUint64(dst, bodySize)
	dst = append(dst, properties...)
	return append(dst, FrameEnd)
}

// AppendBody appends body in as many body frames as it needs, none if it is
// empty. frameMax is the negotiated size of whole frames, 0 is unlimited.
func AppendBody(dst []byte, channel uint16, body []byte, frameMax uint32) []byte {
	most := len(body)
	if frameMax > FrameOverhead {
		most = min(most, int(frameMax-FrameOverhead))
	}
	for len(body) > 0 {
		n := min(most, len(body))
		dst = beginFrame(dst, FrameBody, channel, n)
		dst = append(dst, body[:n]...)
		dst = append(dst, FrameEnd)
		body = body[n:]
	}
	return dst
}

// AppendHeartbeat appends a heartbeat frame.
func AppendHeartbeat(dst []byte) []byte {
	return append(dst, FrameHeartbeat, 0, 0, 0, 0, 0, 0, FrameEnd)
}

package amqp

import "fmt"

// The replies about frames and their order.

// UnknownFrame is a frame of a type that does not exist, or whose payload is
// too short for its type.
func UnknownFrame(typ uint8, payload []byte) *Error {
	return Errorf(FrameError, "%s: unknown_frame", snippet(typ, payload))
}

// FrameTooLarge is a frame whose payload is larger than frameMax. The limit it
// names is that of frames that count their overhead.
func FrameTooLarge(typ uint8, size, frameMax uint32) *Error {
	return Errorf(FrameError, "%s: {frame_too_large,%d,%d}", snippet(typ, nil), size, int(frameMax)-FrameOverhead)
}

// BadFrameEnd is a frame that does not end in [FrameEnd].
func BadFrameEnd(typ uint8, payload []byte, end byte) *Error {
	return Errorf(FrameError, "%s: {invalid_frame_end_marker,%d}", snippet(typ, payload), end)
}

// MisplacedFrame is a frame on a channel it has no place on: a heartbeat on
// any but channel 0, content on channel 0.
func MisplacedFrame(typ uint8, payload []byte) *Error {
	return Errorf(UnexpectedFrame, "%s", snippet(typ, payload))
}

// UnknownMethod is a method that does not exist.
func UnknownMethod(id MethodID) *Error {
	return Errorf(CommandInvalid, "unknown method %s", id).For(id)
}

// Undecodable is a method whose arguments are not what they should be.
func Undecodable(id MethodID, args []byte) *Error {
	args = args[:min(len(args), maxShortstr)] // the text is cut there anyway
	return Errorf(FrameError, "cannot decode <<%s>>", octets(args)).For(id)
}

// NotUTF8 is a method with a short string that is not UTF-8. The reference
// broker notices before it knows the method, so none is named.
func NotUTF8() *Error {
	return Errorf(FrameError, "Malformed UTF-8 in shortstr")
}

// ExpectedMethod is content without a method before it.
func ExpectedMethod() *Error {
	return Errorf(UnexpectedFrame, "expected method frame, got non method frame instead")
}

// ExpectedHeader is something else than the content header after a method that
// carries content.
func ExpectedHeader(id MethodID) *Error {
	return Errorf(UnexpectedFrame, "expected content header for class %d, got non content header frame instead",
		id.Class()).For(id)
}

// WrongHeaderClass is a content header of another class than its method.
func WrongHeaderClass(id MethodID, class uint16) *Error {
	return Errorf(UnexpectedFrame, "expected content header for class %d, got one for class %d instead",
		id.Class(), class).For(id)
}

// ExpectedBody is something else than a body frame before the body is
// complete.
func ExpectedBody(id MethodID) *Error {
	return Errorf(UnexpectedFrame, "expected content body, got non content body frame instead").For(id)
}

// BodyTooLong is a body frame that exceeds what the header announced.
func BodyTooLong(id MethodID) *Error {
	return Errorf(FrameError, "content body frame exceeds remaining content size").For(id)
}

// BodySizeTooLarge is a header that announces a body larger than any.
func BodySizeTooLarge(id MethodID, size, limit uint64) *Error {
	return Errorf(FrameError, "content body size %d exceeds maximum allowed size %d", size, limit).For(id)
}

// MalformedProperties are message properties that cannot be decoded. RabbitMQ's
// channel crashes on them, hence the code; it has no text for them.
func MalformedProperties() *Error {
	return Errorf(InternalError, "malformed message properties").For(BasicPublishID)
}

// snippet shows the beginning of a frame.
func snippet(typ uint8, payload []byte) string {
	const most = 16
	if len(payload) > most {
		return fmt.Sprintf("type %d, first %d octets = %s", typ, most, erlangBinary(payload[:most]))
	}
	return fmt.Sprintf("type %d, all octets = %s", typ, erlangBinary(payload))
}

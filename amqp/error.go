package amqp

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Reply codes. 311 to 313 and 403 to 406 close the channel, the others from
// 320 the connection.
const (
	ReplySuccess       uint16 = 200
	ContentTooLarge    uint16 = 311
	NoRoute            uint16 = 312
	NoConsumers        uint16 = 313
	ConnectionForced   uint16 = 320
	InvalidPath        uint16 = 402
	AccessRefused      uint16 = 403
	NotFound           uint16 = 404
	ResourceLocked     uint16 = 405
	PreconditionFailed uint16 = 406
	FrameError         uint16 = 501
	SyntaxError        uint16 = 502
	CommandInvalid     uint16 = 503
	ChannelError       uint16 = 504
	UnexpectedFrame    uint16 = 505
	ResourceError      uint16 = 506
	NotAllowed         uint16 = 530
	NotImplemented     uint16 = 540
	InternalError      uint16 = 541
)

// Error is what went wrong, as the peer is told: a reply code and a text, and
// the method that caused it if there was one.
type Error struct {
	Code   uint16
	Text   string // without the name of the code before it
	Method MethodID
}

// Errorf makes an error of a code and a text that no named constructor has.
func Errorf(code uint16, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}

// Error returns the whole text: "NOT_FOUND - no queue 'q' in vhost '/'".
func (e *Error) Error() string {
	name := CodeName(e.Code)
	if e.Text == "" {
		return name
	}
	return name + " - " + e.Text
}

// ReplyText returns the whole text as it fits the reply-text of a close
// method: valid UTF-8, and what is longer than 255 octets ends in "...".
func (e *Error) ReplyText() string {
	s := strings.ToValidUTF8(e.Error(), "\uFFFD")
	if len(s) <= maxShortstr {
		return s
	}
	n := maxShortstr - len("...")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

// Hard reports whether the code closes the connection rather than the channel.
// Anything that goes wrong on channel 0 or before the connection is open does
// so too, whatever its code.
func (e *Error) Hard() bool {
	switch e.Code {
	case ContentTooLarge, NoRoute, NoConsumers, AccessRefused, NotFound, ResourceLocked, PreconditionFailed:
		return false
	}
	return true
}

// For returns the error with the method that caused it, unless it has one.
func (e *Error) For(id MethodID) *Error {
	if e.Method != 0 {
		return e
	}
	f := *e
	f.Method = id
	return &f
}

// CodeName returns the name of a reply code as RabbitMQ writes it before its
// texts: "NOT_FOUND".
func CodeName(code uint16) string {
	switch code {
	case ReplySuccess:
		return "REPLY_SUCCESS"
	case ContentTooLarge:
		return "CONTENT_TOO_LARGE"
	case NoRoute:
		return "NO_ROUTE"
	case NoConsumers:
		return "NO_CONSUMERS"
	case ConnectionForced:
		return "CONNECTION_FORCED"
	case InvalidPath:
		return "INVALID_PATH"
	case AccessRefused:
		return "ACCESS_REFUSED"
	case NotFound:
		return "NOT_FOUND"
	case ResourceLocked:
		return "RESOURCE_LOCKED"
	case PreconditionFailed:
		return "PRECONDITION_FAILED"
	case FrameError:
		return "FRAME_ERROR"
	case SyntaxError:
		return "SYNTAX_ERROR"
	case CommandInvalid:
		return "COMMAND_INVALID"
	case ChannelError:
		return "CHANNEL_ERROR"
	case UnexpectedFrame:
		return "UNEXPECTED_FRAME"
	case ResourceError:
		return "RESOURCE_ERROR"
	case NotAllowed:
		return "NOT_ALLOWED"
	case NotImplemented:
		return "NOT_IMPLEMENTED"
	}
	return "INTERNAL_ERROR"
}

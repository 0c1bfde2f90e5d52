package amqp

import "encoding/binary"

// The flags of the content properties, in their order on the wire.
const (
	HasContentType uint16 = 1 << (15 - iota)
	HasContentEncoding
	HasHeaders
	HasDeliveryMode
	HasPriority
	HasCorrelationID
	HasReplyTo
	HasExpiration
	HasMessageID
	HasTimestamp
	HasType
	HasUserID
	HasAppID
	HasClusterID
)

// allProperties are all flags there are. The two bits below them announce
// more, but there are none: RabbitMQ passes over them, and so do we.
const allProperties = ^uint16(3)

// Persistent is the delivery mode of a message that survives a restart in a
// durable queue.
const Persistent uint8 = 2

// Properties are the properties of a message. Flags says which are there: an
// absent one is not the same as an empty one.
type Properties struct {
	Flags           uint16
	ContentType     string
	ContentEncoding string
	Headers         Table
	DeliveryMode    uint8
	Priority        uint8
	CorrelationID   string
	ReplyTo         string
	Expiration      string // milliseconds, in decimal digits
	MessageID       string
	Timestamp       int64 // seconds since 1970
	Type            string
	UserID          string
	AppID           string
	ClusterID       string
}

// ParseProperties decodes the properties of a content header. It keeps nothing
// of b. Its errors are those of [CheckProperties].
func ParseProperties(b []byte) (Properties, error) {
	if err := CheckProperties(b, new(Facts)); err != nil {
		return Properties{}, err
	}
	r := reader{b: b}
	p := Properties{Flags: r.short() & allProperties}
	str := func(flag uint16) string {
		if p.Flags&flag == 0 {
			return ""
		}
		return string(r.shortbytes())
	}
	p.ContentType = str(HasContentType)
	p.ContentEncoding = str(HasContentEncoding)
	if p.Flags&HasHeaders != 0 {
		p.Headers = r.table()
	}
	if p.Flags&HasDeliveryMode != 0 {
		p.DeliveryMode = r.octet()
	}
	if p.Flags&HasPriority != 0 {
		p.Priority = r.octet()
	}
	p.CorrelationID = str(HasCorrelationID)
	p.ReplyTo = str(HasReplyTo)
	p.Expiration = str(HasExpiration)
	p.MessageID = str(HasMessageID)
	if p.Flags&HasTimestamp != 0 {
		p.Timestamp = r.timestamp()
	}
	p.Type = str(HasType)
	p.UserID = str(HasUserID)
	p.AppID = str(HasAppID)
	p.ClusterID = str(HasClusterID)
	return p, nil
}

// Append appends the flags and the properties that they name.
func (p *Properties) Append(dst []byte) []byte {
	str := func(flag uint16, s string) {
		if p.Flags&flag != 0 {
			dst = appendShortstr(dst, s)
		}
	}
	dst = binary.BigEndian.AppendUint16(dst, p.Flags&allProperties)
	str(HasContentType, p.ContentType)
	str(HasContentEncoding, p.ContentEncoding)
	if p.Flags&HasHeaders != 0 {
		dst = p.Headers.Append(dst)
	}
	if p.Flags&HasDeliveryMode != 0 {
		dst = append(dst, p.DeliveryMode)
	}
	if p.Flags&HasPriority != 0 {
		dst = append(dst, p.Priority)
	}
	str(HasCorrelationID, p.CorrelationID)
	str(HasReplyTo, p.ReplyTo)
	str(HasExpiration, p.Expiration)
	str(HasMessageID, p.MessageID)
	if p.Flags&HasTimestamp != 0 {
		dst = binary.BigEndian.AppendUint64(dst, uint64(p.Timestamp))
	}
	str(HasType, p.Type)
	str(HasUserID, p.UserID)
	str(HasAppID, p.AppID)
	str(HasClusterID, p.ClusterID)
	return dst
}

// skipProperties goes over those of the properties in flags that come before one.
// They were checked.
func (r *reader) skipProperties(flags, before uint16) {
	for has := HasContentType; has != before; has >>= 1 {
		switch {
		case flags&has == 0:
		case has == HasHeaders:
			r.b = r.b[tableSize(r.b):]
		case has == HasDeliveryMode, has == HasPriority:
			r.octet()
		case has == HasTimestamp:
			r.timestamp()
		default:
			r.shortbytes()
		}
	}
}

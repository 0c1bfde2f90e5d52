package amqp

// Facts are what routing and queues need of a message's properties. The slices
// are borrowed, and nil where the property is absent.
type Facts struct {
	Flags        uint16
	DeliveryMode uint8
	Priority     uint8
	Headers      []byte // with its length, as [ParseTable] reads it
	Expiration   []byte
	ReplyTo      []byte
	UserID       []byte
}

// CheckProperties walks the properties of a content header without allocating,
// and leaves in f what it comes by. They must be well formed, nested tables
// included, and take up all of b; if not, the error is an [*Error] and f of no
// use.
func CheckProperties(b []byte, f *Facts) error {
	r := reader{b: b}
	flags := r.short()
	*f = Facts{Flags: flags & allProperties}
	if flags&HasContentType != 0 {
		r.shortbytes()
	}
	if flags&HasContentEncoding != 0 {
		r.shortbytes()
	}
	if flags&HasHeaders != 0 {
		n := tableSize(r.b)
		if n == 0 {
			return MalformedProperties()
		}
		f.Headers, r.b = r.b[:n:n], r.b[n:]
	}
	if flags&HasDeliveryMode != 0 {
		f.DeliveryMode = r.octet()
	}
	if flags&HasPriority != 0 {
		f.Priority = r.octet()
	}
	if flags&(allProperties&(HasPriority-1)) != 0 { // the other nine: mostly none
		if flags&HasCorrelationID != 0 {
			r.shortbytes()
		}
		if flags&HasReplyTo != 0 {
			f.ReplyTo = r.shortbytes()
		}
		if flags&HasExpiration != 0 {
			f.Expiration = r.shortbytes()
		}
		if flags&HasMessageID != 0 {
			r.shortbytes()
		}
		if flags&HasTimestamp != 0 {
			r.longlong()
		}
		if flags&HasType != 0 {
			r.shortbytes()
		}
		if flags&HasUserID != 0 {
			f.UserID = r.shortbytes()
		}
		if flags&HasAppID != 0 {
			r.shortbytes()
		}
		if flags&HasClusterID != 0 {
			r.shortbytes()
		}
	}
	if r.failed || len(r.b) != 0 {
		return MalformedProperties()
	}
	return nil
}

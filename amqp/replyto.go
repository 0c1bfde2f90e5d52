package amqp

// AppendWithReplyTo appends the properties of a content header with another
// reply-to. The properties must have passed [CheckProperties] and have one
// already; replyTo has at most 255 bytes.
func AppendWithReplyTo(dst, properties []byte, replyTo string) []byte {
	r := reader{b: properties}
	flags := r.short()
	if flags&HasContentType != 0 {
		r.shortbytes()
	}
	if flags&HasContentEncoding != 0 {
		r.shortbytes()
	}
	if flags&HasHeaders != 0 {
		r.b = r.b[tableSize(r.b):]
	}
	if flags&HasDeliveryMode != 0 {
		r.octet()
	}
	if flags&HasPriority != 0 {
		r.octet()
	}
	if flags&HasCorrelationID != 0 {
		r.shortbytes()
	}
	before := len(properties) - len(r.b)
	r.shortbytes()
	dst = append(dst, properties[:before]...)
	dst = appendShortstr(dst, replyTo)
	return append(dst, r.b...)
}

package amqp

// TimestampOf returns the timestamp among properties that were checked, in seconds
// since 1970; 0 if there is none. It does not allocate.
func TimestampOf(properties []byte) int64 {
	r := reader{b: properties}
	flags := r.short()
	if flags&HasTimestamp == 0 {
		return 0
	}
	skip := func(flag uint16) {
		if flags&flag != 0 {
			r.shortbytes()
		}
	}
	skip(HasContentType)
	skip(HasContentEncoding)
	if flags&HasHeaders != 0 {
		r.b = r.b[tableSize(r.b):]
	}
	if flags&HasDeliveryMode != 0 {
		r.octet()
	}
	if flags&HasPriority != 0 {
		r.octet()
	}
	skip(HasCorrelationID)
	skip(HasReplyTo)
	skip(HasExpiration)
	skip(HasMessageID)
	return r.timestamp()
}

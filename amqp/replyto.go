package amqp

// AppendWithReplyTo appends the properties of a content header with another
// reply-to. The properties must have passed [CheckProperties] and have one
// already; replyTo has at most 255 bytes.
func AppendWithReplyTo(dst, properties []byte, replyTo string) []byte {
	r := reader{b: properties}
	flags := r.short()
	r.skipProperties(flags, HasReplyTo)
	before := len(properties) - len(r.b)
	r.shortbytes()
	dst = append(dst, properties[:before]...)
	dst = appendShortstr(dst, replyTo)
	return append(dst, r.b...)
}

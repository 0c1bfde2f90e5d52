package amqp

// TimestampOf returns the timestamp among properties that were checked, in seconds
// since 1970; 0 if there is none. It does not allocate.
func TimestampOf(properties []byte) int64 {
	r := reader{b: properties}
	flags := r.short()
	if flags&HasTimestamp == 0 {
		return 0
	}
	r.skipProperties(flags, HasTimestamp)
	return r.timestamp()
}

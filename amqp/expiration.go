package amqp

import "bytes"

// MaxPeriod is the longest time to live that RabbitMQ takes, of messages and
// of queues: ten years, in milliseconds.
const MaxPeriod = 10 * 365 * 24 * 60 * 60 * 1000

// ParseExpiration reads the expiration property of a message: a time to live in
// milliseconds, in decimal digits. The error is a 406.
func ParseExpiration(b []byte) (ms int64, err error) {
	digits := b
	negative := false
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		digits, negative = b[1:], b[0] == '-'
	}
	n := 0
	for ; n < len(digits) && '0' <= digits[n] && digits[n] <= '9'; n++ {
		if ms <= MaxPeriod { // beyond it, it is too large whatever follows
			ms = ms*10 + int64(digits[n]-'0')
		}
	}
	switch {
	case n == 0:
		return 0, InvalidExpiration(b, "no_integer")
	case n < len(digits):
		return 0, InvalidExpiration(b, "{leftover_string,"+erlangString(digits[n:])+"}")
	case negative && ms > 0:
		return 0, InvalidExpiration(b, "{value_negative,-"+significant(digits)+"}")
	case ms > MaxPeriod:
		return 0, InvalidExpiration(b, "{value_too_large,"+significant(digits)+"}")
	}
	return ms, nil
}

// significant writes digits without leading zeroes.
func significant(digits []byte) string { return string(bytes.TrimLeft(digits, "0")) }

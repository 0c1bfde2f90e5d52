package amqp

import (
	"math"
	"strconv"
)

// DelayHeader is the header with which a message asks an exchange to have it
// wait, in milliseconds.
const DelayHeader = "x-delay"

// Delay returns how long headers ask to wait, in milliseconds: 0 if they do not,
// or not for a time that RabbitMQ's plugin takes, which is up to 2^32-1. Numbers of any type count, and
// strings of digits.
func Delay(headers Table) int64 {
	v, ok := headers.Get(DelayHeader)
	if !ok {
		return 0
	}
	ms, ok := wholeNumber(v)
	if !ok || ms < 1 || ms > math.MaxUint32 {
		return 0
	}
	return ms
}

// wholeNumber returns what a value comes to as an integer.
func wholeNumber(v Value) (int64, bool) {
	if n, ok := v.Int(); ok {
		return n, true
	}
	if f, ok := v.Float(); ok {
		// What is out of range is no delay, nor is what is no number.
		if f >= 0 && f < 1<<40 {
			return int64(f), true
		}
		return 0, false
	}
	if scale, n, ok := v.Decimal(); ok {
		for ; scale > 0 && n > 0; scale-- {
			n /= 10
		}
		return int64(n), true
	}
	s, _ := v.Str()
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// AppendWaited appends properties, which are well formed and ask for a delay, as a message has them that has waited: the
// delay is negative, so that it is told and not asked for again.
func AppendWaited(dst, properties []byte) []byte {
	p, err := ParseProperties(properties)
	if err != nil {
		return append(dst, properties...)
	}
	delay := Delay(p.Headers)
	waited := Int64(-delay)
	if delay <= math.MaxInt32 {
		waited = Int32(int32(-delay))
	}
	for i := range p.Headers {
		if p.Headers[i].Key == DelayHeader {
			p.Headers[i].Value = waited
			break
		}
	}
	return p.Append(dst)
}

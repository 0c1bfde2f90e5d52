package amqp

import (
	"math"
	"strconv"
	"strings"
)

// RabbitMQ's texts show values as Erlang prints its terms, and so do ours.

// erlangBinary writes octets: <<"text">>, or <<1,2,3>> if they are not all
// printable.
func erlangBinary[T text](b T) string {
	if s, ok := quoted(b); ok && len(b) > 0 {
		return "<<" + s + ">>"
	}
	return "<<" + octets(b) + ">>"
}

// erlangString writes a list of octets: "text", or [1,2,3].
func erlangString[T text](b T) string {
	if s, ok := quoted(b); ok && len(b) > 0 {
		return s
	}
	return "[" + octets(b) + "]"
}

// erlangFloat writes a float in the shorter of its two notations, both with a
// decimal point.
func erlangFloat(f float64) string {
	plain := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(plain, ".") {
		plain += ".0"
	}
	mantissa, exp, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	power, err := strconv.Atoi(exp)
	if err != nil { // not a number, or infinite
		return mantissa
	}
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	scientific := mantissa + "e" + strconv.Itoa(power)
	if len(scientific) < len(plain) || math.Abs(f) >= 1<<53 {
		return scientific
	}
	return plain
}

// octets writes numbers with commas between them.
func octets[T text](b T) string {
	var s []byte
	for i := 0; i < len(b); i++ {
		if i > 0 {
			s = append(s, ',')
		}
		s = strconv.AppendUint(s, uint64(b[i]), 10)
	}
	return string(s)
}

// quoted writes b in quotes, if all of it is printable as Latin-1. Letters
// beyond ASCII stay the octets they are.
func quoted[T text](b T) (s string, ok bool) {
	q := []byte{'"'}
	for i := 0; i < len(b); i++ {
		c := b[i]
		if e := escape(c); e != 0 {
			q = append(q, '\\', e)
			continue
		}
		if c < ' ' || c > '~' && c < 0xA0 {
			return "", false
		}
		q = append(q, c)
	}
	return string(append(q, '"')), true
}

// escape returns what stands behind the backslash for c, 0 if c stands for
// itself.
func escape(c byte) byte {
	switch c {
	case '"', '\\':
		return c
	case '\b':
		return 'b'
	case '\t':
		return 't'
	case '\n':
		return 'n'
	case '\v':
		return 'v'
	case '\f':
		return 'f'
	case '\r':
		return 'r'
	case 0x1B:
		return 'e'
	}
	return 0
}

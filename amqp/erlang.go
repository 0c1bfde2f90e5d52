package amqp

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// RabbitMQ's texts show values as Erlang prints its terms, and so do ours.

// Term returns a value of JSON as an Erlang term: nil, a bool, an int64, a
// float64, a string, a []any, or a map[string]any.
func Term(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return erlangBinary(v)
	case float64:
		return erlangFloat(v)
	case []any:
		if s, ok := characters(v); ok {
			return erlangString(s)
		}
		terms := make([]string, len(v))
		for i := range v {
			terms[i] = Term(v[i])
		}
		return "[" + strings.Join(terms, ",") + "]"
	case map[string]any:
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, erlangBinary(key)+" => "+Term(v[key]))
		}
		return "#{" + strings.Join(pairs, ",") + "}"
	}
	return fmt.Sprint(value)
}

// characters returns a list that Erlang takes for a string, as any list of
// nothing but codes of characters is.
func characters(list []any) (s []byte, ok bool) {
	for _, v := range list {
		c, ok := v.(int64)
		if !ok || c < 0 || c > math.MaxUint8 {
			return nil, false
		}
		s = append(s, byte(c))
	}
	return s, len(s) > 0
}

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

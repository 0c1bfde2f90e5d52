package amqp

import (
	"encoding/binary"
	"slices"
	"strings"
)

// Properties are carried as the bytes that came. The broker changes two things
// in them: what it notes in the headers of a message that it sends elsewhere,
// and what the next reader must not see.

// AppendRevised appends the properties of a content header to dst, with other
// headers, and without those that drop names (HasExpiration). They passed
// [CheckProperties].
func AppendRevised(dst, properties []byte, headers Table, drop uint16) []byte {
	r := reader{b: properties}
	flags := r.short() & allProperties
	dst = binary.BigEndian.AppendUint16(dst, (flags|HasHeaders)&^drop)
	for flag := HasContentType; flag >= HasClusterID; flag >>= 1 {
		if flag == HasHeaders {
			if flags&flag != 0 {
				r.b = r.b[4+number(r.b[:4]):]
			}
			dst = headers.Append(dst)
			continue
		}
		if flags&flag == 0 {
			continue
		}
		from := r.b
		switch flag {
		case HasDeliveryMode, HasPriority:
			r.octet()
		case HasTimestamp:
			r.longlong()
		default:
			r.shortbytes()
		}
		if drop&flag == 0 {
			dst = append(dst, from[:len(from)-len(r.b)]...)
		}
	}
	return dst
}

// AppendWithoutHeader appends the properties of a content header to dst, without
// the headers of that name. They passed [CheckProperties].
func AppendWithoutHeader(dst, properties []byte, name string) []byte {
	r := reader{b: properties}
	flags := r.short()
	if flags&HasContentType != 0 {
		r.shortbytes()
	}
	if flags&HasContentEncoding != 0 {
		r.shortbytes()
	}
	if flags&HasHeaders == 0 {
		return append(dst, properties...)
	}
	dst = append(dst, properties[:len(properties)-len(r.b)]...)
	size := 4 + number(r.b[:4])
	table, behind := r.b[4:size], r.b[size:]
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for len(table) > 0 {
		key, _, rest := cutField(table)
		if string(key) != name {
			dst = append(dst, table[:len(table)-len(rest)]...)
		}
		table = rest
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return append(dst, behind...)
}

// With returns the table with a field replaced, or added at the end. The table
// itself may be changed.
func (t Table) With(key string, v Value) Table {
	for i := range t {
		if t[i].Key == key {
			t[i].Value = v
			return t
		}
	}
	return append(t, Field{Key: key, Value: v})
}

// Without returns the table without the fields of that key. The table itself is
// changed.
func (t Table) Without(key string) Table {
	return slices.DeleteFunc(t, func(f Field) bool { return f.Key == key })
}

// Sort orders the fields by their keys: so RabbitMQ leaves headers to which it
// has added something.
func (t Table) Sort() {
	slices.SortStableFunc(t, func(a, b Field) int { return strings.Compare(a.Key, b.Key) })
}

package amqp

import (
	"cmp"
	"slices"
)

// Equal reports whether v and o have the same type and the same value. The two
// wire types of a 64-bit integer are one.
func (v Value) Equal(o Value) bool {
	return v.TypeName() == o.TypeName() && v.same(o)
}

// Equivalent reports whether RabbitMQ takes v and o for the same argument when
// a queue or an exchange is declared again: integers and floats of any width
// are compared by value, and so are two types that it keeps in the same form,
// as a long string and a byte array.
func (v Value) Equivalent(o Value) bool {
	return v.form() == o.form() && v.same(o)
}

// form says how RabbitMQ keeps a value once its type is taken away.
func (v Value) form() byte {
	switch v.Tag() {
	case tagInt8, tagUint8, tagInt16, tagUint16, tagInt32, tagUint32, tagInt64, tagLong, tagTimestamp:
		return tagInt64
	case tagFloat32, tagFloat64:
		return tagFloat64
	case tagString, tagBytes:
		return tagString
	}
	return v.Tag()
}

// same compares the values of two of the same form.
func (v Value) same(o Value) bool {
	if f, ok := v.Float(); ok {
		g, _ := o.Float()
		// A value is equal to itself even if it is not a number.
		return f == g || v.tag == o.tag && v.bits == o.bits
	}
	if t, ok := v.Table(); ok {
		u, _ := o.Table()
		return t.Equal(u)
	}
	if vs, ok := v.Array(); ok {
		us, _ := o.Array()
		return slices.EqualFunc(vs, us, Value.Equal)
	}
	return v.bits == o.bits && v.text == o.text
}

// Equal reports whether two tables have equal fields in the same order.
func (t Table) Equal(o Table) bool {
	return slices.EqualFunc(t, o, func(a, b Field) bool {
		return a.Key == b.Key && a.Value.Equal(b.Value)
	})
}

// Sorted returns the fields ordered by key: RabbitMQ compares the arguments of
// bindings in this order.
func (t Table) Sorted() Table {
	s := slices.Clone(t)
	slices.SortStableFunc(s, func(a, b Field) int { return cmp.Compare(a.Key, b.Key) })
	return s
}

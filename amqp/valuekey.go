package amqp

import "math"

// ValueKey stands for a value where values are looked up: two are equal with ==
// if, and for anything but tables and arrays only if, their values are
// equivalent, see [Value.Equivalent].
type ValueKey struct {
	form byte
	bits uint64
	text string
}

// Key returns what stands for the value. Those of tables and arrays do not tell
// them apart.
func (v Value) Key() ValueKey {
	k := ValueKey{form: v.form(), bits: v.bits, text: v.text}
	if f, ok := v.Float(); ok {
		switch {
		case f != f: // not a number is only what it is itself
			k.form = v.tag
		case f == 0: // of either sign
			k.bits = 0
		default:
			k.bits = math.Float64bits(f)
		}
	}
	return k
}

package amqp

import (
	"math"
	"testing"
)

func TestValueKey(t *testing.T) {
	nan := math.NaN()
	values := []Value{
		{}, Void(), Bool(true), Bool(false), Int8(1), Uint8(1), Int64(1), Int64(-1), Uint32(1 << 31), Int64(1 << 31),
		Timestamp(1), Timestamp(2), Float32(1), Float64(1), Float64(1.5), Float32(1.5), Float64(0), Float64(math.Copysign(0, -1)),
		Float64(nan), Float32(float32(nan)), Float64(math.Float64frombits(math.Float64bits(nan) + 1)),
		String("1"), String(""), Bytes([]byte("1")), String("true"), Decimal(0, 1), Decimal(1, 1),
	}
	for _, v := range values {
		for _, w := range values {
			if got, want := v.Key() == w.Key(), v.Equivalent(w); got != want {
				t.Errorf("%s %s and %s %s: same key: %v, equivalent: %v", v.TypeName(), v.Text(), w.TypeName(), w.Text(), got, want)
			}
		}
	}
}

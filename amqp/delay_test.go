package amqp

import (
	"math"
	"testing"
)

func TestDelay(t *testing.T) {
	for _, c := range []struct {
		v    Value
		want int64
	}{
		{Int32(1), 1}, {Int64(math.MaxUint32), math.MaxUint32}, {Uint8(200), 200}, {Int16(300), 300}, {Uint32(math.MaxUint32), math.MaxUint32},
		{String("250"), 250}, {Bytes([]byte("250")), 250}, {Float32(1.9), 1}, {Float64(99.99), 99}, {Decimal(1, 25), 2},
		{Int32(0), 0}, {Int32(-1), 0}, {Int64(math.MaxUint32 + 1), 0}, {String(""), 0}, {String("1s"), 0}, {String("99999999999999999999"), 0},
		{Float64(0.5), 0}, {Float64(-5), 0}, {Float64(math.NaN()), 0}, {Float64(math.Inf(1)), 0}, {Decimal(255, 25), 0},
		{Timestamp(5), 0}, {Bool(true), 0}, {Void(), 0}, {TableValue(nil), 0},
	} {
		if got := Delay(Table{{Key: "other", Value: Int32(9)}, {Key: "x-delay", Value: c.v}}); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.v.TypeName(), c.v.Text(), got, c.want)
		}
	}
	if got := Delay(nil); got != 0 {
		t.Errorf("no headers: %d", got)
	}
}

// The delay is told as a negative integer, everything else stays.
func TestAppendWaited(t *testing.T) {
	for _, c := range []struct{ was, want Value }{
		{Int32(5), Int32(-5)}, {String("5"), Int32(-5)}, {Float64(5.5), Int32(-5)},
		{Uint32(math.MaxInt32), Int32(-math.MaxInt32)}, {Uint32(math.MaxUint32), Int64(-math.MaxUint32)},
	} {
		p := Properties{
			Flags: HasHeaders | HasDeliveryMode | HasMessageID, DeliveryMode: Persistent, MessageID: "m",
			Headers: Table{{Key: "a", Value: String("b")}, {Key: "x-delay", Value: c.was}},
		}
		got, err := ParseProperties(AppendWaited(nil, p.Append(nil)))
		if err != nil {
			t.Fatal(err)
		}
		told, _ := got.Headers.Get("x-delay")
		if !told.Equal(c.want) || Delay(got.Headers) != 0 || len(got.Headers) != 2 || got.MessageID != "m" || got.Flags != p.Flags {
			t.Errorf("%s becomes %s", c.was.Text(), told.Text())
		}
	}
}

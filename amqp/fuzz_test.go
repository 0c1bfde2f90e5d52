package amqp

import (
	"bytes"
	"errors"
	"math/big"
	"reflect"
	"regexp"
	"testing"
)

// Each target holds a decoder to three things: it never panics, what it takes
// survives being encoded and decoded again, and what was encoded once comes
// out the same bytes from then on.

func FuzzFrame(f *testing.F) {
	f.Add(appendPublish(nil), uint32(131072))
	f.Add(AppendHeartbeat(nil), uint32(0))
	f.Fuzz(func(t *testing.T, buf []byte, bound uint32) {
		frame, n, err := ParseFrame(buf, bound)
		if err != nil {
			wantError(t, err, FrameError)
			return
		}
		if n == 0 {
			return
		}
		if bound != 0 && len(frame.Payload) > int(bound) {
			t.Errorf("a payload of %d octets got through a bound of %d", len(frame.Payload), bound)
		}
		b, at := BeginFrame(nil, frame.Type, frame.Channel)
		if b = EndFrame(append(b, frame.Payload...), at); !bytes.Equal(b, buf[:n]) {
			t.Errorf("%q became %q", buf[:n], b)
		}
		for _, cut := range []int{0, FrameHeaderSize - 1, FrameHeaderSize, n / 2, n - 1} {
			if _, n, err := ParseFrame(buf[:min(cut, n-1)], bound); n != 0 || err != nil {
				t.Errorf("cut at %d: length %d, %v", cut, n, err)
			}
		}
	})
}

func FuzzMethod(f *testing.F) {
	all := samples()
	for i, m := range all {
		f.Add(uint8(i), m.Append(nil)[4:])
	}
	f.Fuzz(func(t *testing.T, which uint8, args []byte) {
		id := all[int(which)%len(all)].ID()
		m, err := DecodeMethod(id, args)
		if err != nil {
			wantError(t, err, FrameError)
			return
		}
		encoded := m.Append(nil)
		again, err := DecodeMethod(id, encoded[4:])
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("%s: %+v became %+v, %v", id, m, again, err)
		}
		if b := again.Append(nil); !bytes.Equal(b, encoded) {
			t.Errorf("%s: %q became %q", id, encoded, b)
		}
	})
}

func FuzzTable(f *testing.F) {
	for _, tc := range values {
		f.Add(Table{{"key", tc.v}}.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tab, n, err := ParseTable(b)
		if err != nil {
			return
		}
		if size := nodes(tab); size > n {
			t.Errorf("%d octets became %d values", n, size)
		}
		encoded := tab.Append(nil)
		again, m, err := ParseTable(encoded)
		if err != nil || m != len(encoded) || m != n || !reflect.DeepEqual(again, tab) || !again.Equal(tab) {
			t.Fatalf("%+v became %+v, length %d, %v", tab, again, m, err)
		}
		if b := again.Append(nil); !bytes.Equal(b, encoded) {
			t.Errorf("%q became %q", encoded, b)
		}
		for _, field := range tab {
			_ = field.Value.Text()
		}
	})
}

func FuzzProperties(f *testing.F) {
	f.Add([]byte{0x10, 0x00, Persistent})
	f.Add(allSet.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var facts Facts
		checked := CheckProperties(b, &facts)
		p, err := ParseProperties(b)
		if (checked == nil) != (err == nil) {
			t.Fatalf("checked: %v, parsed: %v", checked, err)
		}
		if err != nil {
			wantError(t, err, InternalError)
			return
		}
		if facts.Flags != p.Flags || facts.DeliveryMode != p.DeliveryMode || facts.Priority != p.Priority ||
			string(facts.Expiration) != p.Expiration || string(facts.ReplyTo) != p.ReplyTo || string(facts.UserID) != p.UserID {
			t.Errorf("%+v of %+v", facts, p)
		}
		encoded := p.Append(nil)
		again, err := ParseProperties(encoded)
		if err != nil || len(encoded) != len(b) || !reflect.DeepEqual(again, p) {
			t.Fatalf("%+v became %+v, %v", p, again, err)
		}
		if b := again.Append(nil); !bytes.Equal(b, encoded) {
			t.Errorf("%q became %q", encoded, b)
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte("\x00\x3C\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x10\x00\x02"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		h, err := ParseHeader(payload)
		if err != nil {
			wantError(t, err, FrameError)
			return
		}
		frame, _, err := ParseFrame(AppendHeader(nil, 1, h.Class, h.BodySize, h.Properties), 0)
		again, _ := ParseHeader(frame.Payload)
		again.Weight = h.Weight // the one thing that is not written
		if err != nil || !reflect.DeepEqual(again, h) {
			t.Errorf("%+v became %+v, %v", h, again, err)
		}
	})
}

func FuzzExpiration(f *testing.F) {
	f.Add([]byte("60000"))
	f.Add([]byte("-0315360000001x"))
	number := regexp.MustCompile(`^[+-]?[0-9]+$`)
	f.Fuzz(func(t *testing.T, b []byte) {
		ms, err := ParseExpiration(b)
		n, ok := new(big.Int).SetString(string(b), 10)
		ok = ok && number.Match(b) && n.Sign() >= 0 && n.Cmp(big.NewInt(MaxPeriod)) <= 0
		if ok != (err == nil) || ok && n.Int64() != ms {
			t.Errorf("%q: got %d, %v", b, ms, err)
		}
	})
}

func wantError(t *testing.T, err error, code uint16) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code != code || len(e.ReplyText()) > 255 {
		t.Errorf("got error %v, want code %d", err, code)
	}
}

// nodes counts the values of a table, at all depths.
func nodes(tab Table) (n int) {
	var count func(Value)
	count = func(v Value) {
		n++
		fields, _ := v.Table()
		for _, field := range fields {
			count(field.Value)
		}
		elements, _ := v.Array()
		for _, e := range elements {
			count(e)
		}
	}
	count(TableValue(tab))
	return n - 1
}

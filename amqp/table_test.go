package amqp

import (
	"bytes"
	"encoding/binary"
	"math"
	"reflect"
	"strings"
	"testing"
)

// values is at least one of every type: its bytes, the name of its type and
// the text that RabbitMQ shows.
var values = []struct {
	wire       string
	v          Value
	name, text string
}{
	{"t\x01", Bool(true), "bool", "true"},
	{"t\x00", Bool(false), "bool", "false"},
	{"b\xFF", Int8(-1), "byte", "-1"},
	{"B\xFF", Uint8(255), "unsignedbyte", "255"},
	{"s\xFF\xFE", Int16(-2), "short", "-2"},
	{"u\xFF\xFE", Uint16(65534), "unsignedshort", "65534"},
	{"I\xFF\xFF\xFF\xFD", Int32(-3), "signedint", "-3"},
	{"i\xFF\xFF\xFF\xFD", Uint32(math.MaxUint32 - 2), "unsignedint", "4294967293"},
	{"l\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFC", Int64(-4), "long", "-4"},
	{"L\x00\x00\x00\x00\x00\x00\x00\x05", Value{tag: tagLong, bits: 5}, "long", "5"},
	{"f\x3F\xC0\x00\x00", Float32(1.5), "float", "1.5"},
	{"d\xC0\x04\x00\x00\x00\x00\x00\x00", Float64(-2.5), "double", "-2.5"},
	{"D\x02\x00\x00\x01\x3A", Decimal(2, 314), "decimal", "{2,314}"},
	{"T\x00\x00\x00\x00\x5F\x00\x00\x00", Timestamp(0x5F000000), "timestamp", "1593835520"},
	{"S\x00\x00\x00\x03abc", String("abc"), "longstr", "abc"},
	{"S\x00\x00\x00\x00", String(""), "longstr", ""},
	{"x\x00\x00\x00\x02\x00\xFF", Bytes([]byte{0, 255}), "binary", "\x00\xFF"},
	{"A\x00\x00\x00\x04t\x01b\x07", Array(Bool(true), Int8(7)), "array", "[{bool,true},{byte,7}]"},
	{"F\x00\x00\x00\x0B\x01kS\x00\x00\x00\x01v\x01nV",
		TableValue(Table{{"k", String("v")}, {"n", Void()}}), "table", `[{<<"k">>,longstr,<<"v">>},{<<"n">>,void,undefined}]`},
	{"V", Void(), "void", "undefined"},
}

func TestValues(t *testing.T) {
	for _, tc := range values {
		field := "\x01a" + tc.wire
		wire := string(binary.BigEndian.AppendUint32(nil, uint32(len(field)))) + field
		want := Table{{"a", tc.v}}
		if got := string(want.Append(nil)); got != wire {
			t.Errorf("%s: appended %q, want %q", tc.name, got, wire)
		}
		got, n, err := ParseTable([]byte(wire + "rest"))
		if err != nil || n != len(wire) || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: parsed %+v, length %d, %v; want %+v", tc.name, got, n, err, want)
			continue
		}
		v := got[0].Value
		if v.Tag() != tc.wire[0] || v.TypeName() != tc.name || v.Text() != tc.text {
			t.Errorf("%s: tag %c, type %s, text %s; want text %s", tc.name, v.Tag(), v.TypeName(), v.Text(), tc.text)
		}
		if !v.Equal(tc.v) || !v.Equivalent(tc.v) {
			t.Errorf("%s: %s is not equal to itself", tc.name, tc.text)
		}
		for cut := range len(wire) {
			if _, _, err := ParseTable([]byte(wire[:cut])); err == nil {
				t.Errorf("%s: no error for %q", tc.name, wire[:cut])
			}
		}
	}
}

func TestAccessors(t *testing.T) {
	for _, tc := range values {
		_, isString := tc.v.Str()
		_, isBool := tc.v.Bool()
		_, isInt := tc.v.Int()
		_, isFloat := tc.v.Float()
		_, _, isDecimal := tc.v.Decimal()
		_, isTime := tc.v.Timestamp()
		_, isTable := tc.v.Table()
		_, isArray := tc.v.Array()
		got := map[bool]string{isString: "Sx", isBool: "t", isInt: "bBsuIilL", isFloat: "fd", isDecimal: "D",
			isTime: "T", isTable: "F", isArray: "A", tc.v.IsVoid(): "V"}[true]
		if !strings.ContainsRune(got, rune(tc.v.Tag())) {
			t.Errorf("%s is taken for one of %s", tc.name, got)
		}
	}
	if b, _ := Bool(true).Bool(); !b {
		t.Error("true is not true")
	}
	if n, _ := Uint32(math.MaxUint32).Int(); n != math.MaxUint32 {
		t.Errorf("got %d", n)
	}
	if n, _ := Int8(-7).Int(); n != -7 {
		t.Errorf("got %d", n)
	}
	if f, _ := Float32(0.5).Float(); f != 0.5 {
		t.Errorf("got %v", f)
	}
	if scale, n, _ := Decimal(3, 7).Decimal(); scale != 3 || n != 7 {
		t.Errorf("got %d, %d", scale, n)
	}
	if s, _ := Timestamp(-1).Timestamp(); s != -1 {
		t.Errorf("got %d", s)
	}
	if !(Value{}).IsVoid() || string(Table{{"a", Value{}}}.Append(nil)) != "\x00\x00\x00\x03\x01aV" {
		t.Error("the zero value is not void")
	}
}

func TestMalformedTables(t *testing.T) {
	for name, body := range map[string]string{
		"key only":             "\x01a",
		"key too long":         "\x02a",
		"no such type":         "\x01aZ",
		"string too long":      "\x01aS\x00\x00\x00\x02a",
		"string of 4 GiB":      "\x01aS\xFF\xFF\xFF\xFFa",
		"integer cut":          "\x01aI\x00\x00\x00",
		"nested cut":           "\x01aF\x00\x00\x00\x02\x01a",
		"nested type":          "\x01aF\x00\x00\x00\x03\x01aZ",
		"array element":        "\x01aA\x00\x00\x00\x01S",
		"array of 4 GiB":       "\x01aA\xFF\xFF\xFF\xFFV",
		"second field":         "\x01aV\x01b",
		"value longer than it": "\x01aA\x00\x00\x00\x01I\x00\x00\x00\x00",
	} {
		if tab, err := ParseTableBody([]byte(body)); err == nil {
			t.Errorf("%s: parsed %+v", name, tab)
		}
	}
	if _, _, err := ParseTable([]byte("\xFF\xFF\xFF\xFF\x01aV")); err == nil {
		t.Error("no error for a table of 4 GiB")
	}
}

func TestNestingIsBounded(t *testing.T) {
	nest := func(depth int) Value {
		v := Void()
		for i := range depth {
			if i%2 == 0 {
				v = Array(v)
			} else {
				v = TableValue(Table{{"", v}})
			}
		}
		return v
	}
	if _, _, err := ParseTable(Table{{"a", nest(maxDepth)}}.Append(nil)); err != nil {
		t.Errorf("depth %d: %v", maxDepth, err)
	}
	if _, _, err := ParseTable(Table{{"a", nest(maxDepth + 1)}}.Append(nil)); err == nil {
		t.Errorf("depth %d: no error", maxDepth+1)
	}
}

func TestParsedTableKeepsNothingOfItsBytes(t *testing.T) {
	b := Table{{"key", String("value")}}.Append(nil)
	tab, _, err := ParseTable(b)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	if s, _ := tab[0].Value.Str(); tab[0].Key != "key" || s != "value" {
		t.Errorf("got %+v", tab)
	}
}

func TestGet(t *testing.T) {
	tab := Table{{"a", Int8(1)}, {"b", Int8(2)}, {"a", Int8(3)}}
	if v, ok := tab.Get("a"); !ok || !v.Equal(Int8(1)) {
		t.Errorf("a: got %v, %v", v.Text(), ok)
	}
	if _, ok := tab.Get("c"); ok {
		t.Error("c is there")
	}
}

func TestEquality(t *testing.T) {
	long := Value{tag: tagLong, bits: 5}
	for _, tc := range []struct {
		a, b              Value
		equal, equivalent bool
	}{
		{Int64(5), long, true, true},
		{Int64(5), Int8(5), false, true},
		{Uint32(5), Int16(5), false, true},
		{Int8(-1), Uint8(255), false, false},
		{Int64(5), Int64(6), false, false},
		{Int64(5), Float64(5), false, false},
		{Int64(5), String("5"), false, false},
		{Int64(5), Timestamp(5), false, true},
		{Float32(1.5), Float64(1.5), false, true},
		{Float64(0), Float64(math.Copysign(0, -1)), true, true},
		{Float32(0.1), Float64(0.1), false, false},
		{Float64(math.NaN()), Float64(math.NaN()), true, true},
		{String("a"), Bytes([]byte("a")), false, true},
		{String("a"), String("b"), false, false},
		{Bool(true), Int8(1), false, false},
		{Decimal(0, 5), Int8(5), false, false},
		{Decimal(1, 5), Decimal(1, 5), true, true},
		{Void(), Value{}, true, true},
		{Void(), Bool(false), false, false},
		{Array(Int8(1)), Array(Int8(1)), true, true},
		{Array(Int8(1)), Array(Int16(1)), false, false},
		{Array(), Array(Void()), false, false},
		{TableValue(nil), TableValue(Table{}), true, true},
		{TableValue(Table{{"a", Int64(1)}}), TableValue(Table{{"a", Int64(1)}}), true, true},
		{TableValue(Table{{"a", Int64(1)}}), TableValue(Table{{"b", Int64(1)}}), false, false},
	} {
		if tc.a.Equal(tc.b) != tc.equal || tc.b.Equal(tc.a) != tc.equal {
			t.Errorf("%s %s equal %s %s: not %v", tc.a.TypeName(), tc.a.Text(), tc.b.TypeName(), tc.b.Text(), tc.equal)
		}
		if tc.a.Equivalent(tc.b) != tc.equivalent || tc.b.Equivalent(tc.a) != tc.equivalent {
			t.Errorf("%s %s equivalent %s %s: not %v", tc.a.TypeName(), tc.a.Text(), tc.b.TypeName(), tc.b.Text(), tc.equivalent)
		}
	}
}

func TestSorted(t *testing.T) {
	tab := Table{{"b", Int8(1)}, {"a", Int8(2)}, {"b", Int8(3)}}
	want := Table{{"a", Int8(2)}, {"b", Int8(1)}, {"b", Int8(3)}}
	if got := tab.Sorted(); !got.Equal(want) || tab[0].Key != "b" {
		t.Errorf("got %+v; the table itself is %+v", got, tab)
	}
}

func TestAMQPLAINResponse(t *testing.T) {
	tab, err := ParseTableBody([]byte("\x05LOGINS\x00\x00\x00\x05guest\x08PASSWORDS\x00\x00\x00\x02pw"))
	want := Table{{"LOGIN", String("guest")}, {"PASSWORD", String("pw")}}
	if err != nil || !tab.Equal(want) {
		t.Errorf("got %+v, %v", tab, err)
	}
	if tab, err := ParseTableBody(nil); len(tab) != 0 || err != nil {
		t.Errorf("got %+v, %v of nothing", tab, err)
	}
	if !bytes.Equal(Table(nil).Append(nil), []byte{0, 0, 0, 0}) {
		t.Error("an empty table is not four zeroes")
	}
}

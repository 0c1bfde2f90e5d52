package amqp

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestTableToJSON(t *testing.T) {
	table := Table{
		{Key: "s", Value: String("a\"b")}, {Key: "i", Value: Int32(-3)}, {Key: "u", Value: Uint32(1 << 31)},
		{Key: "f", Value: Float64(2)}, {Key: "t", Value: Timestamp(5)}, {Key: "v", Value: Void()},
		{Key: "l", Value: Array(Int64(1), Bool(true))}, {Key: "n", Value: TableValue(Table{})},
		{Key: "d", Value: Decimal(2, 150)}, {Key: "x", Value: Bytes([]byte{0xFF})},
	}
	got, err := json.Marshal(table)
	const want = `{"s":"a\"b","i":-3,"u":2147483648,"f":2.0,"t":5,"v":null,"l":[1,true],"n":{},"d":1.5,"x":"\ufffd"}`
	if err != nil || string(got) != want {
		t.Errorf("table is %s, %v; want %s", got, err, want)
	}
	if got, _ := json.Marshal(Table(nil)); string(got) != "{}" {
		t.Errorf("no table is %s", got)
	}
}

func TestTableFromJSON(t *testing.T) {
	const text = `{"a":1,"f":1.5,"s":"x","l":[1,{"b":true}],"big":1e300,"a":2}`
	var table Table
	if err := json.Unmarshal([]byte(text), &table); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(table)
	if want := `{"a":2,"f":1.5,"s":"x","l":[1,{"b":true}],"big":1e+300}`; string(got) != want {
		t.Errorf("table is %s, want %s", got, want)
	}
	if a, _ := table.Get("a"); a.Tag() != tagInt64 {
		t.Errorf("integers are of type %c", a.Tag())
	}
	if err := json.Unmarshal([]byte(`[]`), &table); err != nil || len(table) != 0 {
		t.Errorf("an empty array is %v, %v", table, err)
	}
}

func TestNoTable(t *testing.T) {
	for _, text := range []string{`5`, `[1]`, `"x"`, `{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`,
		`{"` + strings.Repeat("k", 256) + `":1}`, `{"n":1e999}`} {
		if err := json.Unmarshal([]byte(text), new(Table)); err == nil {
			t.Errorf("%.20s is taken for a table", text)
		}
	}
	if err := new(Table).UnmarshalJSON([]byte(`{"a":[null]}`)); !errors.Is(err, ErrNull) {
		t.Errorf("null: %v", err)
	}
}

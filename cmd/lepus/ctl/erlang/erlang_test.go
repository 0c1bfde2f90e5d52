package erlang

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// texts are terms as Erlang prints them.
func texts() []string {
	return []string{
		"secret", "'foo bar'", "'Big'", "'end'", "''", `"text"`, `"quo\"ted \\ \n"`, `"café"`, `<<"secret">>`, "<<>>", `<<"é"/utf8>>`, "<<1,255>>",
		"0", "255", "256", "-1", "2147483648", "-9223372036854775807", "2.5", "-1.0", "1.0e21", "{a,1,[2.5,\"x\"],#{}}", "[]", "{}",
		`#{a => <<"b">>,"c" => [1,{}]}`, `"Ω"`,
	}
}

func TestTextsThereAndBack(t *testing.T) {
	for _, text := range texts() {
		v, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := Format(v); got != text {
			t.Errorf("%s is printed as %s", text, got)
		}
		b, err := Marshal(v)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		back, err := Unmarshal(b)
		if text == `"Ω"` { // a list of a large number, which nothing tells from a text
			v = []any{int64('Ω')}
		}
		if err != nil || !reflect.DeepEqual(back, v) {
			t.Errorf("%s comes back as %#v, %v", text, back, err)
		}
	}
}

// TestExternalFormat has what term_to_binary gives in OTP 25.
func TestExternalFormat(t *testing.T) {
	for text, want := range map[string]string{
		`<<"secret">>`: "g20AAAAGc2VjcmV0", `"ab"`: "g2sAAmFi", "[1,2]": "g2wAAAACYQFhAmo=", "300": "g2IAAAEs",
	} {
		v, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Marshal(v)
		if got := base64.StdEncoding.EncodeToString(b); err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", text, got, err, want)
		}
	}
	if v, err := Unmarshal([]byte("\x83d\x00\x02ok")); v != Atom("ok") || err != nil { // as before OTP 26
		t.Errorf("got %v, %v", v, err)
	}
}

func TestNoTerms(t *testing.T) {
	for _, text := range []string{"", "x(", "{a", "[1,]", `"open`, "'", "<<256>>", "<<1 2>>", "Var", "1.2.3", "a b", "#{a}", "99999999999999999999",
		`"\x{110000}"`, strings.Repeat("[", 1000)} {
		if v, err := Parse(text); err == nil {
			t.Errorf("%q is %v", text, v)
		}
	}
	for _, b := range []string{"", "x", "\x83", "\x83m\xff\xff\xff\xffa", "\x83l\xff\xff\xff\xff", "\x83l\x00\x00\x00\x01a\x01a\x02", "\x83\x01", "\x83a\x01a",
		"\x83n\x09\x00123456789", strings.Repeat("\x83", 3), "\x83" + strings.Repeat("h\x01", 1000) + "j"} {
		if v, err := Unmarshal([]byte(b)); err == nil {
			t.Errorf("%q is %v", b, v)
		}
	}
}

func TestValuesOfTheAPI(t *testing.T) {
	v := map[string]any{"name": "q", "n": json.Number("5"), "on": true, "none": nil, "list": []any{"a"}}
	if got, want := Format(v), `[{list,[<<"a">>]},{n,5},{name,<<"q">>},{none,undefined},{on,true}]`; got != want {
		t.Errorf("got %s", got)
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, text := range texts() {
		v, err := Parse(text)
		if err != nil {
			f.Fatal(err)
		}
		b, err := Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Unmarshal(b)
		if err != nil {
			return
		}
		if again, err := Marshal(v); err == nil {
			if _, err := Unmarshal(again); err != nil {
				t.Errorf("%#v cannot be read again: %v", v, err)
			}
		}
	})
}

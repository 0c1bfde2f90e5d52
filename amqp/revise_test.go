package amqp

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
)

func TestRevised(t *testing.T) {
	plain := Properties{Flags: HasDeliveryMode | HasExpiration | HasAppID, DeliveryMode: 2, Expiration: "1", AppID: "a"}
	for _, p := range []Properties{{}, plain, allSet} {
		got, err := ParseProperties(AppendRevised([]byte("xy"), p.Append(nil), Table{{"h", Void()}}, HasExpiration)[2:])
		want := p
		want.Flags, want.Headers, want.Expiration = (p.Flags|HasHeaders)&^HasExpiration, Table{{"h", Void()}}, ""
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v became %+v, %v", p, got, err)
		}
	}
}

func TestHeadersOfTable(t *testing.T) {
	h := Table{{"b", Int32(1)}, {"a", Int32(2)}}.With("b", Void()).With("c", Void()).Without("a").With("a", Bool(true))
	h.Sort()
	if want := (Table{{"a", Bool(true)}, {"b", Void()}, {"c", Void()}}); !reflect.DeepEqual(h, want) {
		t.Errorf("got %+v", h)
	}
}

func TestCopies(t *testing.T) {
	keys := func(keys ...string) Value {
		vs := []Value{Int32(1), Bytes([]byte("no string"))}
		for _, k := range keys {
			vs = append(vs, String(k))
		}
		return Array(vs...)
	}
	for name, tt := range map[string]struct {
		headers Table
		cc, bcc []string
		blind   bool
		fault   string
	}{
		"none":      {headers: Table{{"cc", keys("x")}, {"C", Void()}}},
		"both":      {headers: Table{{"BCC", keys("b", "")}, {"x", Void()}, {"CC", keys("c")}}, cc: []string{"c"}, bcc: []string{"b", ""}, blind: true},
		"empty":     {headers: Table{{"BCC", Array()}}, blind: true},
		"no array":  {headers: Table{{"BCC", Int32(1)}}, blind: true, fault: "BCC\",signedint"},
		"CC first":  {headers: Table{{"BCC", Int32(1)}, {"CC", String("a")}}, blind: true, fault: "CC\",longstr"},
		"no header": {},
	} {
		var c Copies
		err := c.Parse(tt.headers.Append(nil))
		if tt.fault != "" {
			if err == nil || err.Code != PreconditionFailed || !bytes.Contains([]byte(err.Text), []byte(`"`+tt.fault)) {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		if err != nil || !slices.Equal(asText(c.CC), tt.cc) || !slices.Equal(asText(c.BCC), tt.bcc) || c.Blind != tt.blind ||
			c.Any() != (len(tt.cc)+len(tt.bcc) > 0) {
			t.Errorf("%s: got %q %q %v, %v", name, c.CC, c.BCC, c.Blind, err)
		}
	}
	if err := new(Copies).Parse(nil); err != nil {
		t.Errorf("no headers at all: %v", err)
	}
}

func asText(keys [][]byte) (s []string) {
	for _, k := range keys {
		s = append(s, string(k))
	}
	return s
}

// FuzzRevise changes the headers of anything that is properties, and compares
// with the change made to what they say.
func FuzzRevise(f *testing.F) {
	f.Add(allSet.Append(nil), "a", uint16(0))
	f.Add((&Properties{Flags: HasHeaders, Headers: Table{{"CC", Array(String("k"))}, {"BCC", Void()}}}).Append(nil), "BCC", HasExpiration)
	f.Fuzz(func(t *testing.T, b []byte, key string, drop uint16) {
		var facts Facts
		if CheckProperties(b, &facts) != nil {
			return
		}
		p, _ := ParseProperties(b)
		var c Copies
		if err := c.Parse(facts.Headers); err == nil && len(c.CC)+len(c.BCC) > nodes(p.Headers) {
			t.Errorf("%d keys in %+v", len(c.CC)+len(c.BCC), p.Headers)
		}
		dropped := HasExpiration & drop
		got, err := ParseProperties(AppendRevised(nil, b, p.Headers, dropped))
		want := p
		want.Flags = (p.Flags | HasHeaders) &^ dropped
		if dropped != 0 {
			want.Expiration = ""
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v became %+v, %v", want, got, err)
		}
		got, err = ParseProperties(AppendWithoutHeader(nil, b, key))
		want = p
		if want.Headers = slices.Clone(p.Headers).Without(key); len(want.Headers) == 0 {
			want.Headers = nil
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("without %q: %+v became %+v, %v", key, want, got, err)
		}
	})
}

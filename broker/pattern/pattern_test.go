package pattern

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true},
		{"", "anything", true},
		{".*", "anything", true},
		{"a", "bar", true}, // not anchored
		{"^a", "bar", false},
		{"^a", "a", true},
		{"a$", "a", true},
		{"^$", "", true},
		{"^$", "a", false},
		{`^amq\.`, "amq.gen-1", true},
		{`^amq\.`, "amqp", false},
		{"(?i)ORDERS", "my.orders", true},
		{`^[[:alpha:]]+\d$`, "abc1", true},
		{`^\d$`, "\u0663", false}, // digits are those of ASCII, in both engines
		{"^(?!amq)", "orders", true},
		{"^(?!amq)", "amq.topic", false},
		{`^(?!amq)\d`, "\u0663", false},
		{"(?<=x)y", "xy", true},
		{"(?<=x)y", "zy", false},
		{`^(\w)\1$`, "aa", true},
		{`^(\w)\1$`, "ab", false},
		{"^(?>a+)b", "aab", true},
		{"^.$", "\xff", true}, // names need not be text
	} {
		p, err := Compile(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		if got, err := p.TryMatch(c.name); got != c.want || err != nil {
			t.Errorf("%q with %q: got %v, %v, want %v", c.pattern, c.name, got, err, c.want)
		}
		if p.String() != c.pattern {
			t.Errorf("%q says it is %q", c.pattern, p)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, bad := range []string{"(", ")", "[", "*", "a{2,1}", `\`, "(?!", `(?<x`} {
		if _, err := Compile(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// A pattern whose time grows with the power of the length is given up, and one
// that only looks so is none of that kind.
func TestMatchIsBounded(t *testing.T) {
	name := strings.Repeat("a", 255)
	hopeless, err := Compile("^(?=(a+)+$)(a+)+b")
	if err != nil {
		t.Fatal(err)
	}
	if hopeless.Match(name) {
		t.Error("it matches")
	}
	if _, err := hopeless.TryMatch(name); err == nil {
		t.Error("no error says that it took too long")
	}
	linear, err := Compile("^(a+)+$")
	if err != nil {
		t.Fatal(err)
	}
	if found, err := linear.TryMatch(name); !found || err != nil {
		t.Errorf("got %v, %v", found, err)
	}
}

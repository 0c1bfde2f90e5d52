package amqp

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestErrorText(t *testing.T) {
	if got := Errorf(NotFound, "no %s", "thing").Error(); got != "NOT_FOUND - no thing" {
		t.Errorf("got %q", got)
	}
	if got := Internal().Error(); got != "INTERNAL_ERROR" {
		t.Errorf("got %q", got)
	}
}

func TestReplyTextFits(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"short", "x", "NOT_FOUND - x"},
		{"just", strings.Repeat("x", 243), "NOT_FOUND - " + strings.Repeat("x", 243)},
		{"long", strings.Repeat("x", 244), "NOT_FOUND - " + strings.Repeat("x", 240) + "..."},
		{"cut in a letter", "x" + strings.Repeat("é", 200), "NOT_FOUND - x" + strings.Repeat("é", 119) + "..."},
		{"not UTF-8", "a\xFFb", "NOT_FOUND - a\uFFFDb"},
	} {
		got := Errorf(NotFound, "%s", tc.text).ReplyText()
		if got != tc.want || len(got) > 255 || !utf8.ValidString(got) {
			t.Errorf("%s: got %q, %d octets", tc.name, got, len(got))
		}
	}
}

func TestCodes(t *testing.T) {
	soft := map[uint16]bool{311: true, 312: true, 313: true, 403: true, 404: true, 405: true, 406: true}
	names := map[string]bool{}
	for _, code := range []uint16{200, 311, 312, 313, 320, 402, 403, 404, 405, 406,
		501, 502, 503, 504, 505, 506, 530, 540, 541} {
		if hard := Errorf(code, "").Hard(); hard == soft[code] {
			t.Errorf("%d: hard is %v", code, hard)
		}
		names[CodeName(code)] = true
	}
	if len(names) != 19 {
		t.Errorf("%d names for 19 codes: %v", len(names), names)
	}
}

func TestForKeepsTheFirstMethod(t *testing.T) {
	e := Errorf(NotFound, "x")
	f := e.For(QueueBindID)
	if e.Method != 0 || f.Method != QueueBindID || f.For(QueueDeclareID).Method != QueueBindID {
		t.Errorf("got %v and %v", e.Method, f.Method)
	}
}

// Package erlang reads and writes Erlang's terms: as text, which RabbitMQ's tools take
// and print, and in the external format, which they encrypt.
package erlang

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A term is one of these, or a bool, int, int64, float64, json.Number or []any. A
// string of Go's is a binary, a map[string]any a list of pairs whose keys are atoms,
// and nil is undefined.
type (
	// Atom is a name.
	Atom string
	// Text is a string, which is a list of characters.
	Text string
	// Tuple is terms in braces.
	Tuple []any
	// Map is keys and values, in turn.
	Map []any
)

// Format returns a term as text that Erlang can read. What is no term is printed as a
// binary.
func Format(v any) string {
	switch v := v.(type) {
	case nil:
		return "undefined"
	case Atom:
		return formatAtom(string(v))
	case Text:
		return quote(string(v), '"')
	case string:
		return formatBinary(v)
	case float64:
		return formatFloat(v)
	case bool, int, int64, json.Number:
		return fmt.Sprint(v)
	case Tuple:
		return "{" + join(v) + "}"
	case []any:
		return "[" + join(v) + "]"
	case Map:
		pairs := make([]string, 0, len(v)/2)
		for i := 0; i+1 < len(v); i += 2 {
			pairs = append(pairs, Format(v[i])+" => "+Format(v[i+1]))
		}
		return "#{" + strings.Join(pairs, ",") + "}"
	case map[string]any:
		pairs := make([]any, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, Tuple{Atom(key), v[key]})
		}
		return Format(pairs)
	}
	return formatBinary(fmt.Sprint(v))
}

func join(all []any) string {
	parts := make([]string, len(all))
	for i := range all {
		parts[i] = Format(all[i])
	}
	return strings.Join(parts, ",")
}

// formatAtom puts a name in quotes unless it begins with a small letter and goes on
// with letters, digits, _ and @, and is no word of the language.
func formatAtom(name string) string {
	plain := name != "" && name[0] >= 'a' && name[0] <= 'z' && !slices.Contains(reserved(), name)
	for _, r := range name {
		plain = plain && (r == '_' || r == '@' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}
	if plain {
		return name
	}
	return quote(name, '\'')
}

func reserved() []string {
	return strings.Fields("after and andalso band begin bnot bor bsl bsr bxor case catch cond div else end fun if let maybe not of or orelse receive rem try when xor")
}

func formatBinary(s string) string {
	ascii, printable := true, utf8.ValidString(s)
	for _, r := range s {
		ascii = ascii && r < utf8.RuneSelf
		printable = printable && (unicode.IsPrint(r) || strings.ContainsRune("\n\r\t", r))
	}
	switch {
	case s == "":
		return "<<>>"
	case printable && ascii:
		return "<<" + quote(s, '"') + ">>"
	case printable:
		return "<<" + quote(s, '"') + "/utf8>>"
	}
	parts := make([]string, len(s))
	for i := range len(s) {
		parts[i] = strconv.Itoa(int(s[i]))
	}
	return "<<" + strings.Join(parts, ",") + ">>"
}

// quote writes what Erlang reads as s.
func quote(s string, mark rune) string {
	var b strings.Builder
	b.WriteRune(mark)
	for _, r := range s {
		switch {
		case r == mark || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\x{%X}`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteRune(mark)
	return b.String()
}

// formatFloat has a point always, as Erlang wants it.
func formatFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	mantissa, exponent, scaled := strings.Cut(s, "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if scaled {
		return mantissa + "e" + strings.TrimPrefix(exponent, "+")
	}
	return mantissa
}

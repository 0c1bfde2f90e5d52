package erlang

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep terms may lie in each other, in text and outside it.
const maxDepth = 64

// Parse reads a term as people write it, with or without a point at its end. Numbers
// are int64 or float64, "text" is a Text, <<"binary">> a string.
func Parse(s string) (any, error) {
	p := &parser{rest: s}
	v, err := p.term(0)
	if err != nil {
		return nil, err
	}
	p.space()
	p.rest = strings.TrimSpace(strings.TrimPrefix(p.rest, "."))
	if p.rest != "" {
		return nil, fmt.Errorf("after the term comes %q", p.rest)
	}
	return v, nil
}

// parser reads a text from its beginning on.
type parser struct{ rest string }

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take takes a mark, if it comes next.
func (p *parser) take(mark string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, mark)
	p.rest = rest
	return ok
}

func (p *parser) expect(mark string) error {
	if !p.take(mark) {
		return fmt.Errorf("%s is missing before %q", mark, p.rest)
	}
	return nil
}

func (p *parser) term(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("terms lie too deep in each other")
	}
	switch {
	case p.take("<<"):
		return p.binary()
	case p.take("{"):
		all, err := p.until("}", depth)
		return Tuple(all), err
	case p.take("["):
		return p.until("]", depth)
	case p.take("#{"):
		return p.pairs(depth)
	case p.take(`"`):
		s, err := p.quoted('"')
		return Text(s), err
	case p.take("'"):
		s, err := p.quoted('\'')
		return Atom(s), err
	case p.rest == "":
		return nil, errors.New("a term is missing at the end")
	case p.rest[0] == '-' || isDigit(p.rest[0]):
		return p.number()
	case p.rest[0] >= 'a' && p.rest[0] <= 'z':
		return Atom(p.word()), nil
	}
	return nil, fmt.Errorf("no term begins with %q", p.rest)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// word takes letters, digits, _ and @.
func (p *parser) word() string {
	n := 0
	for n < len(p.rest) && (p.rest[n] == '_' || p.rest[n] == '@' || isDigit(p.rest[n]) || p.rest[n]|0x20 >= 'a' && p.rest[n]|0x20 <= 'z') {
		n++
	}
	word := p.rest[:n]
	p.rest = p.rest[n:]
	return word
}

// until takes terms with commas between them, and what they end with.
func (p *parser) until(end string, depth int) ([]any, error) {
	all := []any{}
	if p.take(end) {
		return all, nil
	}
	for {
		v, err := p.term(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
		if !p.take(",") {
			return all, p.expect(end)
		}
	}
}

func (p *parser) pairs(depth int) (Map, error) {
	all := Map{}
	if p.take("}") {
		return all, nil
	}
	for {
		key, err := p.term(depth + 1)
		if err != nil {
			return nil, err
		}
		if err := p.expect("=>"); err != nil {
			return nil, err
		}
		value, err := p.term(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, key, value)
		if !p.take(",") {
			return all, p.expect("}")
		}
	}
}

// binary takes the rest of <<"text">>, <<"text"/utf8>> or <<1,2>>.
func (p *parser) binary() (string, error) {
	var b []byte
	for !p.take(">>") {
		if len(b) > 0 {
			if err := p.expect(","); err != nil {
				return "", err
			}
		}
		if p.take(`"`) {
			s, err := p.quoted('"')
			if err != nil {
				return "", err
			}
			p.take("/utf8")
			b = append(b, s...)
			continue
		}
		p.space()
		n, err := strconv.ParseUint(p.word(), 10, 8)
		if err != nil {
			return "", fmt.Errorf("a binary has bytes and texts: %w", err)
		}
		b = append(b, byte(n))
	}
	return string(b), nil
}

// quoted takes the rest of a text in quotes.
func (p *parser) quoted(mark byte) (string, error) {
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == mark:
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case c == '\\' && i+1 < len(p.rest):
			r, n, err := escaped(p.rest[i+1:])
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
			i += n
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("%c is missing at the end", mark)
}

// escaped reads what comes after a backslash, and how many bytes that is.
func escaped(s string) (rune, int, error) {
	if i := strings.IndexByte("nrtbfves", s[0]); i >= 0 {
		return rune("\n\r\t\b\f\v\x1b "[i]), 1, nil
	}
	if hex, ok := strings.CutPrefix(s, "x{"); ok {
		digits, _, closed := strings.Cut(hex, "}")
		n, err := strconv.ParseInt(digits, 16, 32)
		if err != nil || !closed || !utf8.ValidRune(rune(n)) {
			return 0, 0, fmt.Errorf("\\%s is no character", s)
		}
		return rune(n), len("x{}") + len(digits), nil
	}
	r, n := utf8.DecodeRuneInString(s)
	return r, n, nil
}

func (p *parser) number() (any, error) {
	n := 1
	for n < len(p.rest) && (isDigit(p.rest[n]) || strings.IndexByte("eE", p.rest[n]) >= 0 ||
		strings.IndexByte("+-", p.rest[n]) >= 0 && strings.IndexByte("eE", p.rest[n-1]) >= 0 ||
		p.rest[n] == '.' && n+1 < len(p.rest) && isDigit(p.rest[n+1])) {
		n++
	}
	digits := p.rest[:n]
	p.rest = p.rest[n:]
	if strings.Contains(digits, ".") {
		return strconv.ParseFloat(digits, 64)
	}
	return strconv.ParseInt(digits, 10, 64)
}

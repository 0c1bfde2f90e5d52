package conf

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// term is a term of Erlang as files of RabbitMQ have them: an atom, a number or a
// text, or a list or tuple of terms.
type term struct {
	kind termKind
	// text is what an atom, a number or a text says.
	text  string
	items []term
	line  int
}

type termKind uint8

const (
	atomTerm   termKind = iota
	numberTerm          // as it is written
	textTerm            // a string, or a binary
	listTerm
	tupleTerm
)

// pair returns the halves of a tuple of two, of which the first is an atom.
func (t *term) pair() (name string, value *term, ok bool) {
	if t.kind != tupleTerm || len(t.items) != 2 || t.items[0].kind != atomTerm {
		return "", nil, false
	}
	return t.items[0].text, &t.items[1], true
}

// maxTermDepth is how deep terms may lie in each other.
const maxTermDepth = 32

// terms reads terms.
type terms struct {
	rest  string
	line  int
	depth int
}

// readTerms reads a file with one term, which ends with a dot. The error names the
// line.
func readTerms(text string) (*term, error) {
	p := &terms{rest: text, line: 1}
	t, err := p.term()
	if err == nil && !p.take(".") {
		err = errors.New("a dot is missing behind the term")
	}
	if err == nil && p.skip() {
		err = errors.New("there is something behind the term")
	}
	if err != nil {
		return nil, fmt.Errorf("%d: %w", p.line, err)
	}
	return &t, nil
}

// readTerm reads a term without a dot.
func readTerm(text string) (*term, bool) {
	p := &terms{rest: text, line: 1}
	t, err := p.term()
	return &t, err == nil && !p.skip()
}

// skip passes over space and comments, and says whether anything is left.
func (p *terms) skip() bool {
	for p.rest != "" {
		switch c := p.rest[0]; {
		case c == '%':
			_, after, _ := strings.Cut(p.rest, "\n")
			p.rest = p.rest[len(p.rest)-len(after):]
			p.line++
		case c == '\n':
			p.line++
			p.rest = p.rest[1:]
		case c == ' ' || c == '\t' || c == '\r':
			p.rest = p.rest[1:]
		default:
			return true
		}
	}
	return false
}

// take passes over a sign, and says whether it is there.
func (p *terms) take(sign string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.rest, sign)
	p.rest = rest
	return ok
}

func (p *terms) term() (term, error) {
	if !p.skip() {
		return term{}, errors.New("a term is missing")
	}
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxTermDepth {
		return term{}, fmt.Errorf("terms lie more than %d deep in each other", maxTermDepth)
	}
	t := term{line: p.line}
	var err error
	switch c, _ := utf8.DecodeRuneInString(p.rest); {
	case c == '[':
		t.kind = listTerm
		t.items, err = p.items("[", "]")
	case c == '{':
		t.kind = tupleTerm
		t.items, err = p.items("{", "}")
	case c == '"':
		t.kind = textTerm
		t.text, err = p.quoted('"')
	case c == '\'':
		t.text, err = p.quoted('\'')
	case strings.HasPrefix(p.rest, "<<"):
		t.kind = textTerm
		t.text, err = p.binary()
	case c == '-' || c >= '0' && c <= '9':
		t.kind = numberTerm
		t.text = p.word(func(r rune) bool {
			return strings.ContainsRune("-+.#_", r) || unicode.IsDigit(r) || unicode.IsLetter(r)
		})
	case unicode.IsLower(c):
		t.text = p.word(func(r rune) bool { return r == '_' || r == '@' || unicode.IsDigit(r) || unicode.IsLetter(r) })
	default:
		err = fmt.Errorf("%q is no term", c)
	}
	return t, err
}

// items reads terms with commas between, in brackets of some kind.
func (p *terms) items(left, right string) ([]term, error) {
	p.take(left)
	var all []term
	if p.take(right) {
		return nil, nil
	}
	for {
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		all = append(all, t)
		switch {
		case p.take(right):
			return all, nil
		case !p.take(","):
			return nil, fmt.Errorf("a comma or %s is missing", right)
		}
	}
}

func (p *terms) binary() (string, error) {
	p.take("<<")
	if p.take(">>") {
		return "", nil
	}
	if !strings.HasPrefix(p.rest, `"`) {
		return "", errors.New("a binary that is no text")
	}
	text, err := p.quoted('"')
	if err == nil && !(p.take(">>") || p.take("/utf8") && p.take(">>")) {
		err = errors.New(">> is missing")
	}
	return text, err
}

// quoted reads what is in quotes.
func (p *terms) quoted(quote byte) (string, error) {
	var b strings.Builder
	escapes := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 's': ' ', 'e': 0x1b}
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == quote:
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case c == '\\' && i+1 < len(p.rest):
			i++
			if to, ok := escapes[p.rest[i]]; ok {
				b.WriteByte(to)
			} else {
				b.WriteByte(p.rest[i])
			}
		case c == '\n':
			return "", errors.New("a quote does not end")
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("a quote does not end")
}

// word reads as long as runes are of a kind. A dot is part of it only before a digit.
func (p *terms) word(of func(rune) bool) string {
	n := 0
	for n < len(p.rest) {
		r, size := utf8.DecodeRuneInString(p.rest[n:])
		if !of(r) || r == '.' && (n+1 == len(p.rest) || p.rest[n+1] < '0' || p.rest[n+1] > '9') {
			break
		}
		n += size
	}
	text := p.rest[:n]
	p.rest = p.rest[n:]
	return text
}

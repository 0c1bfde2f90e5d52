package erlang

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxDepth is how deep terms may lie in each other, in text and outside it, and
	// maxFileDepth how deep in a file.
	maxDepth     = 64
	maxFileDepth = 32
)

// Node is a term with its place in a text.
type Node struct {
	Term any
	// Items are those of a list or tuple.
	Items []Node
	Line  int
}

// Pair returns the halves of a tuple of two, of which the first is an atom.
func (n *Node) Pair() (name string, value *Node, ok bool) {
	if _, ok := n.Term.(Tuple); !ok || len(n.Items) != 2 {
		return "", nil, false
	}
	atom, ok := n.Items[0].Term.(Atom)
	return string(atom), &n.Items[1], ok
}

// Word returns what an atom, a number of a file, or a text says; ok is false for other
// terms.
func (n *Node) Word() (word string, ok bool) {
	switch t := n.Term.(type) {
	case Atom:
		return string(t), true
	case Number:
		return string(t), true
	case Text:
		return string(t), true
	case string:
		return t, true
	}
	return "", false
}

// Words returns what is in a list or tuple, as far as that has a [Node.Word].
func (n *Node) Words() []string {
	var all []string
	for i := range n.Items {
		if word, ok := n.Items[i].Word(); ok {
			all = append(all, word)
		}
	}
	return all
}

// Parse reads a term as people write it, with or without a point at its end. Numbers
// are int64 or float64, "text" is a Text, <<"binary">> a string.
func Parse(s string) (any, error) {
	p := &parser{rest: s, deepest: maxDepth}
	n, err := p.term()
	if err != nil {
		return nil, err
	}
	p.take(".")
	if p.more() {
		return nil, fmt.Errorf("after the term comes %q", p.rest)
	}
	return n.Term, nil
}

// ParseFile reads a file of configuration with one term, which ends with a dot. It may
// have comments. Texts end in the line in which they begin, binaries are texts, and
// numbers are [Number]. The error begins with the number of the line.
func ParseFile(s string) (*Node, error) {
	p := fileParser(s)
	n, err := p.term()
	if err == nil && !p.take(".") {
		err = errors.New("a dot is missing behind the term")
	}
	if err == nil && p.more() {
		err = errors.New("there is something behind the term")
	}
	if err != nil {
		return nil, fmt.Errorf("%d: %w", p.line, err)
	}
	return &n, nil
}

// ParseWord reads a term as [ParseFile] does, without a dot. ok is false if the text
// is none.
func ParseWord(s string) (n *Node, ok bool) {
	p := fileParser(s)
	one, err := p.term()
	return &one, err == nil && !p.more()
}

func fileParser(s string) *parser {
	return &parser{rest: s, line: 1, deepest: maxFileDepth, file: true}
}

// parser reads a text from its beginning on.
type parser struct {
	rest    string
	line    int
	depth   int
	deepest int
	file    bool // the text is one for ParseFile
}

// more passes over space and comments, and says whether anything is left.
func (p *parser) more() bool {
	for p.rest != "" {
		switch c := p.rest[0]; {
		case c == '%' && p.file:
			_, after, _ := strings.Cut(p.rest, "\n")
			p.rest = after
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

// take takes a mark, if it comes next.
func (p *parser) take(mark string) bool {
	p.more()
	rest, ok := strings.CutPrefix(p.rest, mark)
	p.rest = rest
	return ok
}

func (p *parser) term() (Node, error) {
	if !p.more() {
		return Node{}, errors.New("a term is missing")
	}
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > p.deepest {
		return Node{}, fmt.Errorf("terms lie more than %d deep in each other", p.deepest)
	}
	n := Node{Line: p.line}
	var err error
	switch c, _ := utf8.DecodeRuneInString(p.rest); {
	case p.take("<<"):
		n.Term, err = p.binary()
	case p.take("{"):
		n.Items, err = p.until("}")
		n.Term = Tuple(terms(n.Items))
	case p.take("["):
		n.Items, err = p.until("]")
		n.Term = terms(n.Items)
	case !p.file && p.take("#{"):
		n.Term, err = p.pairs()
	case p.take(`"`):
		var s string
		s, err = p.quoted('"')
		n.Term = Text(s)
	case p.take("'"):
		var s string
		s, err = p.quoted('\'')
		n.Term = Atom(s)
	case c == '-' || c >= '0' && c <= '9':
		n.Term, err = p.number()
	case unicode.IsLower(c):
		n.Term = Atom(p.word("_@"))
	default:
		err = fmt.Errorf("%q is no term", c)
	}
	return n, err
}

// terms are those of nodes.
func terms(nodes []Node) []any {
	all := make([]any, len(nodes))
	for i := range nodes {
		all[i] = nodes[i].Term
	}
	return all
}

// word takes letters, digits and some signs, of which a point is one only before a
// digit.
func (p *parser) word(signs string) string {
	n := 0
	for n < len(p.rest) {
		r, size := utf8.DecodeRuneInString(p.rest[n:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(signs, r) {
			break
		}
		if r == '.' && (n+1 == len(p.rest) || p.rest[n+1] < '0' || p.rest[n+1] > '9') {
			break
		}
		n += size
	}
	word := p.rest[:n]
	p.rest = p.rest[n:]
	return word
}

// until takes terms with commas between them, and what they end with.
func (p *parser) until(end string) ([]Node, error) {
	var all []Node
	if p.take(end) {
		return nil, nil
	}
	for {
		n, err := p.term()
		if err != nil {
			return nil, err
		}
		all = append(all, n)
		if !p.take(",") {
			return all, p.expect(end)
		}
	}
}

func (p *parser) expect(end string) error {
	if !p.take(end) {
		return fmt.Errorf("a comma or %s is missing", end)
	}
	return nil
}

func (p *parser) pairs() (Map, error) {
	all := Map{}
	if p.take("}") {
		return all, nil
	}
	for {
		key, err := p.term()
		if err != nil {
			return nil, err
		}
		if !p.take("=>") {
			return nil, errors.New("=> is missing")
		}
		value, err := p.term()
		if err != nil {
			return nil, err
		}
		all = append(all, key.Term, value.Term)
		if !p.take(",") {
			return all, p.expect("}")
		}
	}
}

// binary takes the rest of <<"text">>, <<"text"/utf8>> or, not of a file, <<1,"text">>.
func (p *parser) binary() (string, error) {
	var b []byte
	for first := true; !p.take(">>"); first = false {
		if !first {
			if p.file {
				return "", errors.New(">> is missing")
			}
			if !p.take(",") {
				return "", errors.New("a comma or >> is missing")
			}
		}
		switch {
		case p.take(`"`):
			s, err := p.quoted('"')
			if err != nil {
				return "", err
			}
			p.take("/utf8")
			b = append(b, s...)
		case p.file:
			return "", errors.New("a binary that is no text")
		default:
			p.more()
			n, err := strconv.ParseUint(p.word(""), 10, 8)
			if err != nil {
				return "", fmt.Errorf("a binary has bytes and texts: %w", err)
			}
			b = append(b, byte(n))
		}
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
		case c == '\n' && p.file:
			return "", errors.New("a quote does not end")
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("a quote does not end")
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

// number takes a number. That of a file stays as it is written, for whoever needs it
// to say what is wrong with it.
func (p *parser) number() (any, error) {
	word := p.word("-+.#_")
	switch {
	case p.file:
		return Number(word), nil
	case strings.Contains(word, "."):
		return strconv.ParseFloat(word, 64)
	}
	return strconv.ParseInt(word, 10, 64)
}

// Package pattern matches names with the regular expressions of policies and
// permissions, which RabbitMQ users write in the syntax of PCRE.
//
// Most of them are ordinary and are matched in a time that is linear in the
// name, by the standard library. What only a backtracking engine can do
// (lookaround, back references, atomic groups) is given to one, with a bound on
// the time it may take.
package pattern

import (
	"fmt"
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
)

// patience is how long a match may take that cannot be done in linear time. It
// is a bound for what would take forever, and not exact: names are short, and a
// match that is not hopeless takes microseconds.
const patience = 100 * time.Millisecond

// Pattern is a regular expression. It is immutable: any goroutine may use it.
type Pattern struct {
	text   string
	linear *regexp.Regexp
	// backtracking is for what linear cannot be; one of the two is nil.
	backtracking *regexp2.Regexp
}

// Compile makes a pattern. It is not anchored: it matches a name if it is found
// anywhere in it. The error says what is wrong with the pattern.
func Compile(text string) (*Pattern, error) {
	linear, err := regexp.Compile(text)
	if err == nil {
		return &Pattern{text: text, linear: linear}, nil
	}
	backtracking, err := regexp2.Compile(text, regexp2.RE2)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", text, err)
	}
	backtracking.MatchTimeout = patience
	return &Pattern{text: text, backtracking: backtracking}, nil
}

// String is the text that the pattern was made of.
func (p *Pattern) String() string { return p.text }

// Match reports whether the pattern is found in the name. A match that takes
// too long is none.
func (p *Pattern) Match(name string) bool {
	found, err := p.TryMatch(name)
	return err == nil && found
}

// TryMatch is Match with an error if it took too long.
func (p *Pattern) TryMatch(name string) (bool, error) {
	if p.linear != nil {
		return p.linear.MatchString(name), nil
	}
	found, err := p.backtracking.MatchString(name)
	if err != nil {
		return false, fmt.Errorf("pattern %q with %q: not decided within %v", p.text, name, patience)
	}
	return found, nil
}

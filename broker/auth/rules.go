package auth

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/lepusmq/lepus/broker/pattern"
)

// Right is a kind of access.
type Right uint8

// The kinds of access.
const (
	Configure Right = iota // declare and delete
	Write                  // publish to an exchange, bind to a queue
	Read                   // consume from a queue, bind from an exchange
)

// String is the word for it in what clients are told.
func (r Right) String() string { return [...]string{"configure", "write", "read"}[r] }

// rules are the patterns of a permission by right. A nil pattern matches
// everything.
type rules [3]*pattern.Pattern

// topicRules are the patterns of topic permissions by exchange.
type topicRules map[string]*rules

func compileRules(p Permission) (*rules, error) {
	var r rules
	var err error
	for right, text := range map[Right]string{Configure: p.Configure, Write: p.Write, Read: p.Read} {
		if r[right], err = compile(text); err != nil {
			return nil, fmt.Errorf("%s permission: %w", right, err)
		}
	}
	return &r, nil
}

func compileTopicRules(user, vhost string, permissions map[string]TopicPermission) (topicRules, error) {
	all := topicRules{}
	// What stands for a name means just that name, whatever is in it.
	names := strings.NewReplacer("{username}", regexp.QuoteMeta(user), "{vhost}", regexp.QuoteMeta(vhost))
	for exchange, p := range permissions {
		var r rules
		var err error
		if r[Write], err = compile(names.Replace(p.Write)); err == nil {
			r[Read], err = compile(names.Replace(p.Read))
		}
		if err != nil {
			return nil, fmt.Errorf("topic permission on exchange %q: %w", exchange, err)
		}
		all[exchange] = &r
	}
	return all, nil
}

// compile makes a pattern of a permission: an empty one matches only the empty
// string.
func compile(text string) (*pattern.Pattern, error) {
	switch text {
	case everything:
		return nil, nil
	case "":
		text = "^$"
	}
	return pattern.Compile(text)
}

// check returns nil if a name is allowed, ErrRefused if it is not, and another
// error if that could not be found out.
func (r *rules) check(right Right, name string) error {
	if r == nil {
		return ErrRefused
	}
	p := r[right]
	if p == nil {
		return nil
	}
	switch found, err := p.TryMatch(name); {
	case err != nil:
		return err
	case !found:
		return ErrRefused
	}
	return nil
}

package store

import (
	"slices"
	"testing"
)

// prompt notes what it is told, and how.
type prompt struct {
	later, now []uint64
}

func (p *prompt) Confirm(first, last uint64) { p.later = append(p.later, first, last) }

func (p *prompt) ConfirmNow(first, last uint64) { p.now = append(p.now, first, last) }

// TestSendNow checks that one who is told alone sends that himself, and that
// several are told one after the other.
func TestSendNow(t *testing.T) {
	var c confirmations
	var a, b prompt
	plain := newRecorder()
	told := func(what string, p *prompt, now, later []uint64) {
		t.Helper()
		if !slices.Equal(p.now, now) || !slices.Equal(p.later, later) {
			t.Errorf("%s: told to send %d, and not to send %d; want %d and %d", what, p.now, p.later, now, later)
		}
		*p = prompt{}
	}
	c.add(&a, 1)
	c.add(&a, 2)
	c.send()
	told("alone", &a, []uint64{1, 2}, nil)

	c.add(&a, 3)
	c.add(&b, 1)
	c.send()
	told("the first of two", &a, nil, []uint64{3, 3})
	told("the second of two", &b, nil, []uint64{1, 1})

	c.add(plain, 7)
	c.send()
	if plain.times(7) != 1 {
		t.Errorf("a plain one was told %d times", plain.times(7))
	}
	c.send()
	told("nothing more", &a, nil, nil)
}

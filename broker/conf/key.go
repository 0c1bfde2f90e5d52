package conf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xrash/smetrics"
)

// Key is a row of the table: a key of the configuration, or many whose parts
// differ.
type Key struct {
	// Pattern is the key. A part that begins with $ stands for any one part, and
	// ** at the end for any number of them, or none.
	Pattern string
	// Type is what values are; its zero value is that of a key without effect.
	Type Value
	// Default is the value if there is no other; empty is none.
	Default string
	// Doc is a sentence about it, without its end. A word in backquotes stands for
	// the value.
	Doc string
	// Group is what else is set anew together with it: who sets one key of a group
	// in one place overrides all of the group in those that count less. Empty is
	// the pattern up to its first $.
	Group string
	// Flag is the flag of lepus server that sets it; empty is none. Kind is the
	// heading under which that is found.
	Flag, Kind string
	// Reload says that it may change while the broker runs.
	Reload bool
	// Secret is a value that is not shown.
	Secret bool
	// Ignored says why a value is taken and has no effect, Refused why it ends the
	// start: without effect it would be dangerous.
	Ignored, Refused string
}

// group returns the group of a key.
func (k *Key) group() string {
	if k.Group != "" {
		return k.Group
	}
	before, _, _ := strings.Cut(k.Pattern, ".$")
	return strings.TrimSuffix(before, ".**")
}

// Many says that a flag may be given several times: for several keys, or words.
func (k *Key) Many() bool { return strings.Contains(k.Pattern, "$") || k.Type.Name == listType }

// Switch says that a flag needs no value.
func (k *Key) Switch() bool { return k.Type.Name == boolType }

// Flagged returns what the values of the key's flag assign.
func (k *Key) Flagged(values []string, from string) []Assignment {
	before, _, many := strings.Cut(k.Pattern, "$")
	if !many {
		return []Assignment{{Key: k.Pattern, Value: strings.Join(values, ","), From: from}}
	}
	var all []Assignment
	for i, v := range values {
		all = append(all, Assignment{Key: before + strconv.Itoa(i+1), Value: v, From: from})
	}
	return all
}

// UsualValue is the default as one would give it to the flag.
func (k *Key) UsualValue() string {
	if _, value, ok := strings.Cut(k.Default, "="); ok && strings.Contains(k.Pattern, "$") {
		return value
	}
	return k.Default
}

// Keys returns the table.
func Keys() []Key {
	var all []Key
	for _, s := range sections() {
		all = append(all, s.keys...)
	}
	return all
}

// section is a part of the table.
type section struct {
	title string
	keys  []Key
}

func sections() []section {
	return []section{
		{"Listeners", listenerKeys()},
		{"TLS", tlsKeys()},
		{"Users and new virtual hosts", userKeys()},
		{"Who lets users in", authKeys()},
		{"Limits", limitKeys()},
		{"Storage and definitions", storageKeys()},
		{"Memory", memoryKeys()},
		{"Management and metrics", viewKeys()},
		{"Log", logKeys()},
		{"Node", nodeKeys()},
		{"Not there", ignoredKeys()},
	}
}

// table finds the row of a key.
type table struct {
	keys []Key
	rows map[string][]row // by the first part, which always stands for itself
}

// row is a key with its pattern taken apart.
type row struct {
	key     *Key
	parts   []string
	literal int // how many of them stand for themselves
}

func newTable(keys []Key) table {
	t := table{keys: keys, rows: make(map[string][]row, len(keys))}
	for i := range keys {
		r := row{key: &keys[i], parts: strings.Split(keys[i].Pattern, ".")}
		for _, p := range r.parts {
			if p != "**" && p[0] != '$' {
				r.literal++
			}
		}
		t.rows[r.parts[0]] = append(t.rows[r.parts[0]], r)
	}
	return t
}

// find returns the row of a key, given by its parts, and those for which $ stands.
// What is written out counts before what stands for anything.
func (t *table) find(parts []string) (k *Key, names []string) {
	best := 0
	for _, r := range t.rows[parts[0]] {
		if found, ok := r.match(parts); ok && r.literal > best {
			k, names, best = r.key, found, r.literal
		}
	}
	return k, names
}

func (r *row) match(parts []string) (names []string, ok bool) {
	for i, p := range r.parts {
		switch {
		case p == "**":
			return names, true
		case i >= len(parts):
			return nil, false
		case p[0] == '$':
			names = append(names, parts[i])
		case p != parts[i]:
			return nil, false
		}
	}
	return names, len(parts) == len(r.parts)
}

// nearest returns the key that was most likely meant by one that there is not;
// empty if none is near.
func (t *table) nearest(key string) string {
	best, at := "", max(2, len(key)/4)+1
	for _, k := range t.keys {
		if strings.HasSuffix(k.Pattern, "**") {
			continue
		}
		candidate := k.named(strings.Split(key, "."))
		if d := smetrics.WagnerFischer(key, candidate, 1, 1, 1); d < at {
			best, at = candidate, d
		}
	}
	return best
}

// named is the pattern with the names of another key where it has $.
func (k *Key) named(parts []string) string {
	pattern := strings.Split(k.Pattern, ".")
	for i, p := range pattern {
		if strings.HasPrefix(p, "$") && i < len(parts) {
			pattern[i] = parts[i]
		}
	}
	return strings.Join(pattern, ".")
}

// splitKey takes a key apart. A dot behind a backslash is part of a name.
func splitKey(key string) ([]string, error) {
	var parts []string
	var part strings.Builder
	for i := 0; i < len(key); i++ {
		switch {
		case key[i] == '\\' && i+1 < len(key):
			i++
			part.WriteByte(key[i])
		case key[i] == '.':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(key[i])
		}
	}
	parts = append(parts, part.String())
	if slices.Contains(parts, "") {
		return nil, fmt.Errorf("%q is no key: a part of it is empty", key)
	}
	return parts, nil
}

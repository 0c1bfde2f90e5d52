package exchange

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// matches is what the pattern of a topic binding means, word by word.
func matches(pattern, words []string) bool {
	if len(pattern) == 0 {
		return len(words) == 0
	}
	if pattern[0] == "#" {
		return matches(pattern[1:], words) || len(words) > 0 && matches(pattern, words[1:])
	}
	return len(words) > 0 && (pattern[0] == "*" || pattern[0] == words[0]) && matches(pattern[1:], words[1:])
}

func wordsOf(key string) []string {
	if key == "" {
		return nil
	}
	return strings.Split(key, ".")
}

func TestTopic(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"", []string{""}, []string{"a", ".", "a."}},
		{"a", []string{"a"}, []string{"", "b", "a.", ".a", "a.a", "A"}},
		{"a.b", []string{"a.b"}, []string{"a", "a.b.c", "ab", "a..b"}},
		{"*", []string{"a", "*", "#"}, []string{"", ".", "a.b"}},
		{"*.*", []string{".", "a.b", "a.", ".b"}, []string{"", "a", "a.b.c"}},
		{"#", []string{"", "a", ".", "a.b.c"}, nil},
		{"#.#", []string{"", "a", "a.b"}, nil},
		{"#.*", []string{"a", "a.b", "."}, []string{""}},
		{"*.#", []string{"a", "a.b", "."}, []string{""}},
		{"#.*.#.*", []string{"a.b", "a.b.c", "."}, []string{"", "a"}},
		{"a.#", []string{"a", "a.b", "a.b.c", "a."}, []string{"", "b", "b.a"}},
		{"#.a", []string{"a", "b.a", "b.c.a", ".a"}, []string{"", "a.b"}},
		{"a.#.b", []string{"a.b", "a.c.b", "a.b.b", "a..b"}, []string{"a", "b", "a.b.c"}},
		{"a.*.b", []string{"a.c.b", "a..b", "a.*.b"}, []string{"a.b", "a.c.c.b"}},
		{"a..b", []string{"a..b"}, []string{"a.b", "a...b"}},
		{"#.a.#.a.#", []string{"a.a", "b.a.c.a.d"}, []string{"a", "b.a.c"}},
		{"a*", []string{"a*"}, []string{"ab", "a"}},
		{"#a", []string{"#a"}, []string{"a", "b.a"}},
		{"\xff.*", []string{"\xff.\xfe"}, []string{"\xef\xbf\xbd.a"}},
	} {
		b := newBuild(t, "q")
		b.bind("amq.topic", "q", c.pattern)
		for _, key := range c.yes {
			if len(b.route("amq.topic", key)) != 1 {
				t.Errorf("pattern %q does not match %q", c.pattern, key)
			}
		}
		for _, key := range c.no {
			if len(b.route("amq.topic", key)) != 0 {
				t.Errorf("pattern %q matches %q", c.pattern, key)
			}
		}
	}
}

// A random set of patterns, some of them taken away again, against the naive
// matcher.
func TestTopicAgainstNaive(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	key := func(alphabet []string) string {
		words := make([]string, rng.IntN(7))
		for i := range words {
			words[i] = alphabet[rng.IntN(len(alphabet))]
		}
		return strings.Join(words, ".")
	}
	for round := range 60 {
		b := newBuild(t)
		patterns := map[string]string{}
		for i := range 1 + round {
			name := fmt.Sprintf("q%02d", i)
			patterns[name] = key([]string{"a", "b", "", "*", "#", "#"})
			b.g = b.g.AddQueue(newQueue(name))
			b.bind("amq.topic", name, patterns[name])
			if rng.IntN(4) == 0 {
				b.g, _ = b.g.Unbind(Binding{Source: "amq.topic", Destination: name, Key: patterns[name]})
				delete(patterns, name)
			}
		}
		for range 50 {
			k := key([]string{"a", "b", "", "*", "c"})
			want := []string{}
			for name, p := range patterns {
				if matches(wordsOf(p), wordsOf(k)) {
					want = append(want, name)
				}
			}
			slices.Sort(want)
			if got := b.route("amq.topic", k); !slices.Equal(got, want) {
				t.Fatalf("key %q went to %q, want %q of %q", k, got, want, patterns)
			}
		}
	}
}

// Patterns that make a search without memory take longer than anyone lives.
func TestTopicHostilePatterns(t *testing.T) {
	b := newBuild(t, "q", "r")
	b.bind("amq.topic", "q", strings.Repeat("#.a.", 60)+"b")
	b.bind("amq.topic", "r", strings.Repeat("#.", 100)+strings.Repeat("*.#.", 20)+"c")
	long := strings.Repeat("a.", 126)
	b.routes("amq.topic", long+"a")
	b.routes("amq.topic", long+"b", "q")
	b.routes("amq.topic", long+"c", "r")
}

func FuzzTopic(f *testing.F) {
	f.Add("a.*.#\n#\n#.b", "a.b.b")
	f.Add("#.a.#.a\n*.*\n", ".")
	f.Add("*.#.*.#\n#.#", "")
	f.Add("a..b\na.*.b", "a..b")
	f.Fuzz(func(t *testing.T, patterns, key string) {
		if len(patterns) > 60 || len(key) > 30 { // or the naive matcher takes for ever
			t.Skip("too long for the naive matcher")
		}
		b := newBuild(t)
		want := []string{}
		bound := []Binding{}
		for i, p := range strings.Split(patterns, "\n") {
			name := fmt.Sprintf("q%02d", i)
			b.g = b.g.AddQueue(newQueue(name))
			x := Binding{Source: "amq.topic", Destination: name, Key: p}
			b.binding(x)
			bound = append(bound, x)
			if matches(wordsOf(p), wordsOf(key)) {
				want = append(want, name)
			}
		}
		if got := b.route("amq.topic", key); !slices.Equal(got, want) {
			t.Fatalf("key %q went to %q, want %q", key, got, want)
		}
		for _, x := range bound {
			b.g, _ = b.g.Unbind(x)
		}
		if b.g.Exchange("amq.topic").table.(topic).root != nil {
			t.Fatal("the trie keeps nodes")
		}
	})
}

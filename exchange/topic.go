package exchange

import "strings"

// topic matches the words of the routing key, which dots part, with patterns.
// In a pattern '*' stands for one word and '#' for any number of them.
//
// The patterns are the paths of a trie. A routing key goes down all paths that
// fit at once; how many others there are does not matter.
type topic struct {
	root *topicNode
}

// topicNode is where the patterns stand that begin with the same words.
type topicNode struct {
	here  bag // bindings whose pattern ends here
	words dict[string, *topicNode]
	star  *topicNode
	hash  *topicNode // has neither star nor hash of its own: see pattern
}

func (t topic) add(b *Binding) table    { return topic{t.root.add(pattern(b.Key), b)} }
func (t topic) remove(b *Binding) table { return topic{t.root.remove(pattern(b.Key), b)} }

func (t topic) each(f func(*Binding) bool) {
	if t.root != nil {
		t.root.each(f)
	}
}

func (t topic) route(g *Graph, r *Result) {
	if t.root == nil {
		return
	}
	t.root.match(g, r, r.key, r.key != "", false)
	clear(r.searched)
}

// pattern returns the words of a pattern. In a run of wildcards all '*' come
// first, and then one '#' if there is any, which matches the same.
func pattern(key string) []string {
	if key == "" {
		return nil
	}
	words := strings.Split(key, ".")
	n := 0
	for at := 0; at < len(words); {
		any := false
		for ; at < len(words) && (words[at] == "*" || words[at] == "#"); at++ {
			if words[at] == "#" {
				any = true
				continue
			}
			words[n] = "*"
			n++
		}
		if any {
			words[n] = "#"
			n++
		}
		if at < len(words) {
			words[n] = words[at]
			n++
			at++
		}
	}
	return words[:n]
}

// kid returns the node that is one word further, nil if there is none.
func (n *topicNode) kid(word string) *topicNode {
	switch {
	case n == nil:
		return nil
	case word == "*":
		return n.star
	case word == "#":
		return n.hash
	}
	kid, _ := n.words.get(word)
	return kid
}

// setKid changes a node that is not yet shared; a nil kid is none.
func (n *topicNode) setKid(word string, kid *topicNode) {
	switch {
	case word == "*":
		n.star = kid
	case word == "#":
		n.hash = kid
	case kid == nil:
		n.words = n.words.del(word)
	default:
		n.words = n.words.set(word, kid)
	}
}

// add returns the node, which may be nil, with a binding words below it.
func (n *topicNode) add(words []string, b *Binding) *topicNode {
	next := &topicNode{}
	if n != nil {
		*next = *n
	}
	if len(words) == 0 {
		next.here = next.here.set(b.seq, b)
	} else {
		next.setKid(words[0], n.kid(words[0]).add(words[1:], b))
	}
	return next
}

// remove returns the node without a binding that it has, nil if nothing is
// left.
func (n *topicNode) remove(words []string, b *Binding) *topicNode {
	next := *n
	if len(words) == 0 {
		next.here = next.here.del(b.seq)
	} else {
		next.setKid(words[0], n.kid(words[0]).remove(words[1:], b))
	}
	if next.here.len() == 0 && next.words.len() == 0 && next.star == nil && next.hash == nil {
		return nil
	}
	return &next
}

func (n *topicNode) each(f func(*Binding) bool) bool {
	more := eachOf(n.here, f)
	if more && n.star != nil {
		more = n.star.each(f)
	}
	if more && n.hash != nil {
		more = n.hash.each(f)
	}
	if more {
		n.words.each(func(_ string, kid *topicNode) bool {
			more = kid.each(f)
			return more
		})
	}
	return more
}

// match follows the bindings at and below the node whose patterns go on like
// the key: rest is what is left of it if there is more, and may then be one
// empty word. below says that a '#' lies above the node.
func (n *topicNode) match(g *Graph, r *Result, rest string, more, below bool) {
	if n.hash != nil {
		n.hash.matchAny(g, r, rest, more, below)
	}
	if !more {
		r.followAll(g, n.here)
		return
	}
	word, rest, more := strings.Cut(rest, ".")
	if kid, ok := n.words.get(word); ok {
		kid.match(g, r, rest, more, below)
	}
	if n.star != nil {
		n.star.match(g, r, rest, more, below)
	}
}

// matchAny is match for the node of a '#': the words that it stands for are
// still in rest. Below another '#' it may be reached with more or less of the
// key left; what was searched once is not searched again, or a few patterns
// could keep the broker busy for years.
func (n *topicNode) matchAny(g *Graph, r *Result, rest string, more, below bool) {
	done := -1
	if below {
		if was, ok := r.searched[n]; ok {
			done = was
		}
		if left(rest, more) <= done {
			return
		}
		r.search(n, left(rest, more))
	}
	if done < 0 {
		r.followAll(g, n.here)
	}
	for n.words.len() > 0 && left(rest, more) > max(done, 0) {
		var word string
		word, rest, more = strings.Cut(rest, ".")
		if kid, ok := n.words.get(word); ok {
			kid.match(g, r, rest, more, true)
		}
	}
}

// left measures how much of the key is left.
func left(rest string, more bool) int {
	if !more {
		return 0
	}
	return len(rest) + 1
}

// search notes with how much of the key the node of a '#' was reached.
func (r *Result) search(n *topicNode, left int) {
	if r.searched == nil {
		r.searched = map[*topicNode]int{}
	}
	r.searched[n] = left
}

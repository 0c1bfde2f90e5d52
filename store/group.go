package store

import (
	"sync"
	"sync/atomic"
)

// Group is a commit group: operations on several queues that are found after
// a crash all or not at all. It is made by [Store.NewGroup] and completed by
// [Queue.Join].
type Group struct {
	whole, done func()       // immutable
	finish      func(*Group) // immutable; the store's, called once, by the last Join

	// left counts what must have happened before done: whole has returned, and
	// all is durable.
	left atomic.Int32

	mu      sync.Mutex
	missing int    // guarded by mu
	parts   []part // guarded by mu until whole, then the store's
}

// part is what one queue puts into a group.
type part struct {
	queue   *queue // nil in the store without a disk
	entries []Enqueue
	settled []uint64
}

// newGroup returns a group of n parts. One without parts is whole at once.
func newGroup(n int, whole, done func(), finish func(*Group)) *Group {
	g := &Group{whole: whole, done: done, finish: finish, missing: n}
	g.left.Store(2)
	if n <= 0 {
		finish(g)
	}
	return g
}

// Expect has the group wait for more calls of [Queue.Join] than it was made
// for. The caller still owes one.
func (g *Group) Expect(more int) {
	g.mu.Lock()
	g.missing += more
	g.mu.Unlock()
}

// Waive has the group wait for one call of [Queue.Join] less than it was made for.
// As with a call that comes, whole and done may be called before it returns.
func (g *Group) Waive() {
	g.mu.Lock()
	g.arrived()
}

// join adds a part, whose slices belong to the group from here on.
func (g *Group) join(p part) {
	g.mu.Lock()
	g.parts = append(g.parts, p)
	g.arrived()
}

// arrived counts a part that the group need not wait for any more. It is called
// with mu held, and gives it back.
func (g *Group) arrived() {
	g.missing--
	last := g.missing == 0
	g.mu.Unlock()
	if last {
		g.finish(g)
	}
}

// isWhole tells that the group is whole.
func (g *Group) isWhole() {
	if g.whole != nil {
		g.whole()
	}
	g.come()
}

// come counts one of the two things that come before done.
func (g *Group) come() {
	if g.left.Add(-1) == 0 && g.done != nil {
		g.done()
	}
}

// finishAtOnce ends a group that needs no disk.
func finishAtOnce(g *Group) {
	g.isWhole()
	var confirms confirmations
	for _, p := range g.parts {
		for i := range p.entries {
			confirms.add(p.entries[i].Confirm, p.entries[i].Publish)
		}
	}
	confirms.send()
	g.come()
}

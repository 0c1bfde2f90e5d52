package exchange

// byName is the table of the default exchange, which leads to every queue by
// its name and has no bindings of its own.
type byName struct{}

func (t byName) add(*Binding) table       { return t }
func (t byName) remove(*Binding) table    { return t }
func (t byName) each(func(*Binding) bool) {}
func (t byName) route(g *Graph, r *Result) {
	if to, ok := g.queues.get(r.key); ok {
		r.matched = true
		r.reach(to.end)
	}
}

// direct compares the keys of bindings with the routing key.
type direct struct {
	keys dict[string, bag]
}

func (t direct) add(b *Binding) table {
	same, _ := t.keys.get(b.Key)
	return direct{t.keys.set(b.Key, same.set(b.seq, b))}
}

func (t direct) remove(b *Binding) table {
	same, _ := t.keys.get(b.Key)
	same = same.del(b.seq)
	if same.len() == 0 {
		return direct{t.keys.del(b.Key)}
	}
	return direct{t.keys.set(b.Key, same)}
}

func (t direct) each(f func(*Binding) bool) {
	t.keys.each(func(_ string, same bag) bool {
		return eachOf(same, f)
	})
}

func (t direct) route(g *Graph, r *Result) {
	same, _ := t.keys.get(r.key)
	r.followAll(g, same)
}

// fanout leads everywhere.
type fanout struct {
	all bag
}

func (t fanout) add(b *Binding) table       { return fanout{t.all.set(b.seq, b)} }
func (t fanout) remove(b *Binding) table    { return fanout{t.all.del(b.seq)} }
func (t fanout) each(f func(*Binding) bool) { eachOf(t.all, f) }
func (t fanout) route(g *Graph, r *Result)  { r.followAll(g, t.all) }

// eachOf calls f for the bindings of a bag until it returns false, and reports
// whether it never did.
func eachOf(all bag, f func(*Binding) bool) bool {
	more := true
	all.each(func(_ uint64, b *Binding) bool {
		more = f(b)
		return more
	})
	return more
}

package metrics

import "math"

// metric is a figure of a T: what it is called behind the prefix, what it is and
// says, and how it is found; NaN where there is none. All is immutable.
type metric[T any] struct {
	name  string
	kind  kind
	help  string
	value func(*T) float64
}

// of makes metrics of a T from those of a part of it.
func of[T, Part any](part func(*T) *Part, metrics []metric[Part]) []metric[T] {
	all := make([]metric[T], 0, len(metrics))
	for _, m := range metrics {
		all = append(all, metric[T]{m.name, m.kind, m.help, func(t *T) float64 { return m.value(part(t)) }})
	}
	return all
}

// table is figures of many objects of a kind. A page has them by metric, and they
// are found by object: only the figures are kept in between.
type table[T any] struct {
	prefix  string
	labels  []string // their names
	metrics []metric[T]

	blocks []block
}

// block is what a table has of some objects, so that it need not be copied while
// the table grows.
type block struct {
	values []float64 // of each object those of all metrics
	named  []byte    // the labels of all objects
	ends   []int     // where in it those of each object end
}

const blockLen = 1024

// add takes the figures of an object, with the values of its labels.
func (t *table[T]) add(object *T, labels ...string) {
	b := t.room()
	for i := range t.metrics {
		b.values = append(b.values, t.metrics[i].value(object))
	}
	b.named = appendLabels(b.named, t.labels, labels)
	b.ends = append(b.ends, len(b.named))
}

// room returns the last block, which has room.
func (t *table[T]) room() *block {
	n := len(t.blocks)
	switch {
	case n == 0:
		t.blocks = append(t.blocks, block{})
	case len(t.blocks[n-1].ends) == blockLen: // and the next is about as large
		last := &t.blocks[n-1]
		t.blocks = append(t.blocks, block{make([]float64, 0, len(last.values)), make([]byte, 0, len(last.named)), make([]int, 0, blockLen)})
	}
	return &t.blocks[len(t.blocks)-1]
}

// tell writes the families of all metrics that an object has.
func (t *table[T]) tell(p *page) {
	for m, metric := range t.metrics {
		name, begun := t.prefix+metric.name, false
		for _, b := range t.blocks {
			from := 0
			for i, end := range b.ends {
				value := b.values[i*len(t.metrics)+m]
				if !math.IsNaN(value) {
					if !begun {
						p.family(name, metric.kind, metric.help)
						begun = true
					}
					p.sample(name, b.named[from:end], value)
				}
				from = end
			}
		}
	}
}

// tell writes the figures of one object without labels.
func tell[T any](p *page, prefix string, object *T, metrics ...[]metric[T]) {
	for _, some := range metrics {
		t := table[T]{prefix: prefix, metrics: some}
		t.add(object)
		t.tell(p)
	}
}

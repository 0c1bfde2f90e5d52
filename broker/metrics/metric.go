package metrics

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	counter = prometheus.CounterValue
	gauge   = prometheus.GaugeValue
	untyped = prometheus.UntypedValue
)

// metric is a figure of a T: what it is called behind the prefix, and how it is
// found. All is immutable.
type metric[T any] struct {
	name  string
	kind  prometheus.ValueType
	help  string
	value func(*T) float64
}

// group is metrics that are told together, with the same labels.
type group[T any] struct {
	metrics []metric[T]
	descs   []*prometheus.Desc
}

// describe makes a group of metrics with a prefix and labels.
func describe[T any](prefix string, labels []string, tables ...[]metric[T]) *group[T] {
	g := &group[T]{}
	for _, table := range tables {
		for _, m := range table {
			g.metrics = append(g.metrics, m)
			g.descs = append(g.descs, prometheus.NewDesc(prefix+m.name, m.help, labels, nil))
		}
	}
	return g
}

// tell tells the figures of one object.
func (g *group[T]) tell(to chan<- prometheus.Metric, of *T, labels ...string) {
	for i, l := range labels {
		labels[i] = label(l)
	}
	for i := range g.metrics {
		m := &g.metrics[i]
		to <- prometheus.MustNewConstMetric(g.descs[i], m.kind, m.value(of), labels...)
	}
}

// label is a name as it may be told: what is no text would be a panic.
func label(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// known is a size; 0 where -1 says that nobody knows it.
func known[N int | int64](size N) float64 { return float64(max(size, 0)) }

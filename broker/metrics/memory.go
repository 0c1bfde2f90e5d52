package metrics

import (
	runtime "runtime/metrics"

	"github.com/prometheus/client_golang/prometheus"
)

// memory tells what the memory is used for, in the classes of RabbitMQ that have a
// meaning here.
type memory struct {
	unchecked
	from  Source
	info  *info
	descs map[string]*prometheus.Desc
}

func newMemory(from Source) *memory {
	m := &memory{from: from, info: newInfo(), descs: map[string]*prometheus.Desc{}}
	for class, help := range map[string]string{
		"classic_queue_erlang_process": "Queues, with the messages that they have in memory, about",
		"other_erlang_process":         "Stacks of goroutines",
		"binary_heap":                  "All else in use: buffers, connections, the index",
		"runtime_allocated_unused":     "Free, but not given back to the system",
		"other_system":                 "The runtime itself",
		"runtime_reserved_unallocated": "Reserved and never used, or given back",
	} {
		m.descs[class] = prometheus.NewDesc(prefix+"memory_"+class+"_bytes", help, nil, nil)
	}
	return m
}

// Collect implements prometheus.Collector.
func (m *memory) Collect(to chan<- prometheus.Metric) {
	n := m.from.Node()
	m.info.tell(to, &n, "memory-breakdown")
	t, _ := m.from.Totals("") // there is no error for all virtual hosts
	const class = "/memory/classes/"
	objects := class + "heap/objects:bytes"
	stacks := class + "heap/stacks:bytes"
	unused, free, released := class+"heap/unused:bytes", class+"heap/free:bytes", class+"heap/released:bytes"
	all := class + "total:bytes"
	of := read(objects, stacks, unused, free, released, all)
	queues := min(float64(t.Memory), of[objects])
	for class, bytes := range map[string]float64{
		"classic_queue_erlang_process": queues, "binary_heap": of[objects] - queues, "other_erlang_process": of[stacks],
		"runtime_allocated_unused": of[unused] + of[free], "runtime_reserved_unallocated": of[released],
		"other_system": of[all] - of[objects] - of[stacks] - of[unused] - of[free] - of[released],
	} {
		to <- prometheus.MustNewConstMetric(m.descs[class], gauge, bytes)
	}
}

// read returns figures of the Go runtime.
func read(names ...string) map[string]float64 {
	samples := make([]runtime.Sample, len(names))
	for i, name := range names {
		samples[i].Name = name
	}
	runtime.Read(samples)
	found := map[string]float64{}
	for _, s := range samples {
		if s.Value.Kind() == runtime.KindUint64 {
			found[s.Name] = float64(s.Value.Uint64())
		}
	}
	return found
}

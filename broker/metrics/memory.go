package metrics

import runtime "runtime/metrics"

// memory is figures of the Go runtime by their names, and what queues take.
type memory struct {
	classic, quorum float64
	of              map[string]float64
}

const (
	memoryClass = "/memory/classes/"
	objects     = memoryClass + "heap/objects:bytes"
	stacks      = memoryClass + "heap/stacks:bytes"
	unused      = memoryClass + "heap/unused:bytes"
	free        = memoryClass + "heap/free:bytes"
	released    = memoryClass + "heap/released:bytes"
	all         = memoryClass + "total:bytes"
)

// memoryMetrics say what the memory is used for, in the classes of RabbitMQ that
// have a meaning here.
func memoryMetrics() []metric[memory] {
	type m = memory
	return []metric[m]{
		{"memory_classic_queue_erlang_process_bytes", gauge, "Classic queues, with the messages that they have in memory, about", func(m *m) float64 { return m.classic }},
		{"memory_quorum_queue_erlang_process_bytes", gauge, "Quorum queues, with the messages that they have in memory, about", func(m *m) float64 { return m.quorum }},
		{"memory_other_erlang_process_bytes", gauge, "Stacks of goroutines", func(m *m) float64 { return m.of[stacks] }},
		{"memory_binary_heap_bytes", gauge, "All else in use: buffers, connections, the index", func(m *m) float64 { return m.of[objects] - m.classic - m.quorum }},
		{"memory_runtime_allocated_unused_bytes", gauge, "Free, but not given back to the system", func(m *m) float64 { return m.of[unused] + m.of[free] }},
		{"memory_runtime_reserved_unallocated_bytes", gauge, "Reserved and never used, or given back", func(m *m) float64 { return m.of[released] }},
		{"memory_other_system_bytes", gauge, "The runtime itself", func(m *m) float64 {
			return m.of[all] - m.of[objects] - m.of[stacks] - m.of[unused] - m.of[free] - m.of[released]
		}},
	}
}

// memoryBreakdown tells what the memory is used for.
func memoryBreakdown(p *page, from Source) {
	n := from.Node()
	identify(p, &n, "memory-breakdown")
	t, _ := from.Totals("") // there is no error for all virtual hosts
	m := memory{of: read(objects, stacks, unused, free, released, all)}
	// What queues take is estimated, and cannot be more than there is.
	m.classic = min(float64(t.Memory-t.QuorumMemory), m.of[objects])
	m.quorum = min(float64(t.QuorumMemory), m.of[objects]-m.classic)
	tell(p, prefix, &m, memoryMetrics())
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

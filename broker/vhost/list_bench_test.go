package vhost

import (
	"fmt"
	"testing"

	"github.com/lepusmq/lepus/store"
)

// BenchmarkQueueCounts asks 100,000 queues, as a page that is ordered by a count does
// the first time.
func BenchmarkQueueCounts(b *testing.B) {
	v := New(Config{Name: "/", ID: 1, Store: store.NewMemory()})
	b.Cleanup(v.Close)
	for i := range 100_000 {
		v.DeclareQueue(0, QueueSpec{Name: fmt.Sprint("queue-", i)}, func(QueueInfo, error) {})
	}
	b.ReportAllocs()
	for b.Loop() {
		v.QueueCounts()
	}
}

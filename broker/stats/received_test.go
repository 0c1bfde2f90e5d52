package stats_test

import (
	"testing"

	"github.com/lepusmq/lepus/broker/stats"
)

func TestSizesAreCountedByTheirBounds(t *testing.T) {
	t.Parallel()
	for class, most := range stats.SizeBounds() {
		var r stats.Received
		r.Count(most)
		r.Count(most + 1)
		if r.Sizes[class] != 1 || r.Sizes[class+1] != 1 || r.Bytes != uint64(2*most+1) {
			t.Errorf("%d and one more are counted as %v, %d bytes", most, r.Sizes, r.Bytes)
		}
	}
	var r stats.Received
	r.Count(0)
	if r.Sizes[0] != 1 {
		t.Errorf("nothing is counted as %v", r.Sizes)
	}
}

func BenchmarkCount(b *testing.B) {
	var r stats.Received
	for b.Loop() {
		r.Count(1024)
	}
}

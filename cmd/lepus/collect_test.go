package main

import (
	"slices"
	"testing"
)

// TestCollector follows a heap that grows and shrinks: between the two bounds
// everything stays as it was.
func TestCollector(t *testing.T) {
	var set []int
	c := collector{set: func(percent int) { set = append(set, percent) }}
	for _, mb := range []uint64{0, 10, 40, 47, 48, 100, 33, 60, 31, 20, 47, 1000} {
		c.look(mb << 20)
	}
	if want := []int{50, 25, 50, 25}; !slices.Equal(set, want) {
		t.Errorf("set to %v, want %v", set, want)
	}
}

package session

import "testing"

func TestBuffersGoFromHandToHand(t *testing.T) {
	b := buffers{size: 100}
	first := append(b.get(), "what was there"...)
	if cap(first) != 100 {
		t.Fatalf("room for %d bytes", cap(first))
	}
	second := b.get()
	b.put(first)
	b.put(second)
	for range 2 {
		if buf := b.get(); len(buf) != 0 || cap(buf) != 100 {
			t.Errorf("%d bytes of %d", len(buf), cap(buf))
		}
	}
}

func TestBuffersAreNoGarbage(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has pools forget")
	}
	b := buffers{size: 100}
	if n := testing.AllocsPerRun(1000, func() { b.put(b.get()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

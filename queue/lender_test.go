package queue

import "testing"

func TestLenderGoesFromHandToHand(t *testing.T) {
	b := Lender[byte]{Room: 100}
	first := append(b.Borrow(), "what was there"...)
	if cap(first) != 100 {
		t.Fatalf("room for %d bytes", cap(first))
	}
	second := b.Borrow()
	b.GiveBack(first)
	b.GiveBack(second)
	for range 2 {
		if buf := b.Borrow(); len(buf) != 0 || cap(buf) != 100 {
			t.Errorf("%d bytes of %d", len(buf), cap(buf))
		}
	}
}

func TestLenderMakesNoGarbage(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has pools forget")
	}
	b := Lender[byte]{Room: 100}
	if n := testing.AllocsPerRun(1000, func() { b.GiveBack(b.Borrow()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

package perf

import (
	"slices"
	"testing"
)

func TestConfirmsSettle(t *testing.T) {
	c := newConfirms(4)
	for at := int64(10); at <= 40; at += 10 {
		if c.room() == 0 {
			t.Fatalf("no room for the publish at %d", at)
		}
		c.add(at)
	}
	if c.room() != 0 {
		t.Errorf("room for %d more", c.room())
	}
	for _, step := range []struct {
		tag      uint64
		multiple bool
		n        int
		took     samples
		room     int
	}{
		{tag: 3, n: 1, took: samples{{70, 1}}, room: 1},
		{tag: 2, multiple: true, n: 2, took: samples{{90, 1}, {80, 1}}, room: 3},
		{tag: 2, multiple: true, n: 0, room: 3},
		{tag: 4, multiple: true, n: 1, took: samples{{60, 1}}, room: 4},
	} {
		var s samples
		n, err := c.settle(step.tag, step.multiple, 100, &s)
		if err != nil || n != step.n || !slices.Equal(s, step.took) || c.room() != step.room {
			t.Errorf("tag %d: %d settled, took %v, room %d, %v", step.tag, n, s, c.room(), err)
		}
	}
}

func TestConfirmsThatCannotBe(t *testing.T) {
	c := newConfirms(4)
	c.add(1)
	c.add(1)
	var s samples
	for _, multiple := range []bool{false, true} {
		if _, err := c.settle(3, multiple, 2, &s); err == nil {
			t.Error("a publish was confirmed that was not sent")
		}
	}
	if _, err := c.settle(2, false, 2, &s); err != nil {
		t.Error(err)
	}
	if _, err := c.settle(2, false, 2, &s); err == nil {
		t.Error("a publish was confirmed twice")
	}
	if _, err := c.settle(1, true, 2, &s); err != nil {
		t.Error(err)
	}
	if _, err := c.settle(1, false, 2, &s); err == nil {
		t.Error("a publish was confirmed twice, once with others")
	}
}

// The lowest publish is never confirmed: the others must not run away from it.
func TestConfirmsAreBounded(t *testing.T) {
	c := newConfirms(4)
	var s samples
	c.add(1)
	for n := 0; ; n++ {
		if n == 1000 {
			t.Fatal("no end")
		}
		if c.room() == 0 {
			break
		}
		c.add(1)
		if _, err := c.settle(c.next-1, false, 2, &s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.settle(1, false, 2, &s); err != nil || c.room() != 4 {
		t.Errorf("room for %d, %v", c.room(), err)
	}
}

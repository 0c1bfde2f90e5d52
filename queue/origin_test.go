package queue

import "testing"

func TestArrivals(t *testing.T) {
	q := New(Config{Name: "q"})
	var slab Slab
	publish := func(by *Origin, n int) {
		batch := make([]Publication, n)
		for i := range batch {
			batch[i].Message = slab.Add([]byte("\x00\x01k"), []byte{0, 0}, nil)
		}
		q.PublishBy(by, batch)
	}
	x, y := &Origin{Name: "x"}, &Origin{Name: "y"}
	publish(x, 2)
	publish(y, 1)
	publish(x, 3)
	q.CountArrival(y)
	q.Publish([]Publication{{Message: slab.Add([]byte("\x00\x01k"), []byte{0, 0}, nil)}})
	got := map[*Origin]uint64{}
	for _, a := range q.Arrivals() {
		got[a.Origin] = a.N
	}
	if len(got) != 2 || got[x] != 5 || got[y] != 2 {
		t.Errorf("by x %d, by y %d, of %d", got[x], got[y], len(got))
	}
}

// What came by the latest origins is known, however many there were.
func TestArrivalsAreBounded(t *testing.T) {
	q := New(Config{Name: "q"})
	kept := &Origin{Name: "kept"}
	for range 3 * maxOrigins {
		q.CountArrival(new(Origin))
		q.CountArrival(kept)
	}
	all := q.Arrivals()
	if len(all) != maxOrigins || all[0].Origin != kept || all[0].N != 3*maxOrigins {
		t.Errorf("%d origins, the latest with %d", len(all), all[0].N)
	}
}

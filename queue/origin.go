package queue

import "slices"

// Origin is what messages come to queues by: an exchange. It is known by its address.
type Origin struct{ Name string }

// Arrived is how many messages have come to a queue by an origin.
type Arrived struct {
	Origin *Origin
	N      uint64
}

// maxOrigins is how many origins a queue tells apart. Those that nothing has come by
// for the longest time are forgotten first.
const maxOrigins = 64

// arrivals counts what came by each origin, the latest first.
type arrivals []Arrived

// PublishBy is Publish for messages that have come by an origin.
func (q *Queue) PublishBy(by *Origin, batch []Publication) {
	q.mu.Lock()
	q.arrivals.add(by, len(batch))
	q.put(batch)
}

// CountArrival notes that a message, which is published with a group, has come by an
// origin.
func (q *Queue) CountArrival(by *Origin) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.arrivals.add(by, 1)
}

// Arrivals returns what came by each origin. Messages that came without one, as dead
// letters do, are not among them.
func (q *Queue) Arrivals() []Arrived {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.arrivals)
}

// add costs a comparison as long as messages come by the same origin as before.
func (a *arrivals) add(by *Origin, n int) {
	if len(*a) == 0 || (*a)[0].Origin != by {
		a.turnTo(by)
	}
	(*a)[0].N += uint64(n)
}

// turnTo makes an origin the first.
func (a *arrivals) turnTo(by *Origin) {
	all := *a
	at := slices.IndexFunc(all, func(one Arrived) bool { return one.Origin == by })
	one := Arrived{Origin: by}
	switch {
	case at >= 0:
		one = all[at]
	case len(all) < maxOrigins:
		all = append(all, one)
		at = len(all) - 1
	default:
		at = len(all) - 1
	}
	copy(all[1:at+1], all[:at])
	all[0] = one
	*a = all
}

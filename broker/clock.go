package broker

import "time"

// tellTime tells the queues the time about, so that they need not ask for it each
// time they have been used, until the broker stops.
func (b *Broker) tellTime() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	b.clock.Tell(time.Now())
	for {
		select {
		case now := <-tick.C:
			b.clock.Tell(now)
		case <-b.stopping:
			return
		}
	}
}

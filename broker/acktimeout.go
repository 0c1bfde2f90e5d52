package broker

import "time"

// watchAcks has sessions look at what was delivered and not acked, until the
// broker stops.
func (b *Broker) watchAcks() {
	tick := time.NewTicker(b.cfg.ConsumerTimeoutCheck)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			for _, s := range b.sessions.all() {
				s.CheckAcks(now)
			}
		case <-b.stopping:
			return
		}
	}
}

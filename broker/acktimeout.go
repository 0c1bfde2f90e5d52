package broker

import "time"

// watchAcks has sessions look at what was delivered and not acked, and at what an
// operator should know, until the broker stops.
func (b *Broker) watchAcks() {
	tick := time.NewTicker(b.cfg.ConsumerTimeoutCheck)
	defer tick.Stop()
	backlogs := backlogs{looked: time.Now()}
	for {
		select {
		case now := <-tick.C:
			for _, s := range b.sessions.all() {
				s.CheckAcks(now)
			}
			b.lookAtBacklogs(&backlogs, now)
		case <-b.stopping:
			return
		}
	}
}

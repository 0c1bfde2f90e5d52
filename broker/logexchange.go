package broker

import "go.uber.org/zap"

// relayLog publishes lines of the log to the log exchange until the broker stops.
// What it has to tell itself is one line for many, so that it does not feed on it.
func (b *Broker) relayLog() {
	for {
		select {
		case <-b.cfg.LogRecords.Ready():
			records, lost := b.cfg.LogRecords.Take()
			if h := b.residents.host(b.cfg.Seed.VHost); h != nil {
				for i := range records {
					h.AnnounceRecord(&records[i], b.cfg.NodeName)
				}
			}
			if lost > 0 {
				b.log.Warn("lines of the log did not go to the log exchange: too many at a time", zap.Uint64("lines", lost))
			}
		case <-b.stopping:
			return
		}
	}
}

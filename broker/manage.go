package broker

import (
	"github.com/lepusmq/lepus/broker/management"
)

// manage makes the management API of a broker.
func manage(b *Broker) *management.Server {
	return management.New(management.Config{Broker: b, Log: b.log.Named("management"), MaxBody: b.cfg.Management.MaxBody})
}

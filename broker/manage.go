package broker

import (
	"github.com/lepusmq/lepus/broker/management"
	"github.com/lepusmq/lepus/broker/management/page"
)

// manage makes the management API of a broker, and its page.
func manage(b *Broker) *management.Server {
	return management.New(management.Config{
		Broker: b, Page: page.Files(), Log: b.log.Named("management"), MaxBody: b.cfg.Management.MaxBody,
	})
}

package broker

import (
	"net/http"

	"github.com/lepusmq/lepus/broker/management"
	"github.com/lepusmq/lepus/broker/management/page"
	"github.com/lepusmq/lepus/broker/metrics"
)

// manage makes the management API of a broker, and its page.
func manage(b *Broker) *management.Server {
	return management.New(management.Config{
		Broker: b, Page: page.Files(), Log: b.log.Named("management"), MaxBody: b.cfg.Management.MaxBody,
		Prefix: b.cfg.PathPrefix, AllowOrigins: b.cfg.AllowOrigins, Extra: b.cfg.Control,
		DisableStats: b.cfg.DisableStats, QueueTotals: b.cfg.EnableQueueTotals,
	})
}

// measure makes the metrics of a broker.
func measure(b *Broker) http.Handler {
	h := metrics.New(b, metrics.Options{Path: b.cfg.MetricsPath, PerObject: b.cfg.MetricsPerObject, Profiles: b.cfg.Profiles})
	if b.cfg.MetricsLogin {
		return management.Guard(b, h)
	}
	return h
}

package broker

import (
	"fmt"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/certs"
)

// brokerCerts are the certificates of the listeners with TLS, nil where there is
// none.
type brokerCerts struct{ amqp, management, prometheus *certs.Store }

// secured is what listens with TLS: clients, or a view.
type secured struct {
	what      string
	addresses []string
	opt       certs.Options
	store     **certs.Store
}

// secured returns all that may listen with TLS, with the options that a
// configuration says. A view without its own has those of AMQP.
func (b *Broker) secured(c *Config) []secured {
	return []secured{
		{"AMQP", c.ListenTLS, c.TLS, &b.certs.amqp},
		{"management", c.Management.ListenTLS, c.Management.tls(c), &b.certs.management},
		{"Prometheus", c.Prometheus.ListenTLS, c.Prometheus.tls(c), &b.certs.prometheus},
	}
}

// openCerts loads the certificates of all listeners with TLS.
func (b *Broker) openCerts() error {
	for _, with := range b.secured(&b.cfg) {
		if len(with.addresses) == 0 {
			continue
		}
		store, err := certs.Open(with.opt, func(err error) { b.sayReloaded(with.what, err) })
		if err != nil {
			return fmt.Errorf("TLS of %s: %w", with.what, err)
		}
		if unknown := certs.UnknownCiphers(with.opt.Ciphers); len(unknown) > 0 {
			b.log.Warn("TLS ciphers that are not supported are passed over", zap.String("of", with.what), zap.Strings("ciphers", unknown))
		}
		*with.store = store
	}
	return nil
}

// sayReloaded logs how a reload of certificates went.
func (b *Broker) sayReloaded(what string, err error) {
	if err != nil {
		b.log.Error("cannot load changed certificates, those from before go on", zap.String("of", what), zap.Error(err))
		return
	}
	b.log.Info("certificates loaded anew", zap.String("of", what))
}

// tls returns the options of a view with TLS.
func (h *HTTP) tls(c *Config) certs.Options {
	if h.TLS.Set() {
		return h.TLS
	}
	return c.TLS
}

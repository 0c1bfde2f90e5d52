package broker

import (
	"fmt"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/certs"
)

// brokerCerts are the certificates of the listeners with TLS, nil where there is
// none.
type brokerCerts struct{ amqp, management, prometheus *certs.Store }

// openCerts loads the certificates of all listeners with TLS. A view without its
// own has those of AMQP.
func (b *Broker) openCerts() error {
	c := &b.cfg
	if err := c.CertLogin.Check(); err != nil {
		return fmt.Errorf("log in by certificate: %w", err)
	}
	for _, in := range []struct {
		what      string
		addresses []string
		opt       certs.Options
		to        **certs.Store
	}{
		{"AMQP", c.ListenTLS, c.TLS, &b.certs.amqp},
		{"management", c.Management.ListenTLS, c.Management.tls(c), &b.certs.management},
		{"Prometheus", c.Prometheus.ListenTLS, c.Prometheus.tls(c), &b.certs.prometheus},
	} {
		if len(in.addresses) == 0 {
			continue
		}
		store, err := certs.Open(in.opt, func(err error) { b.sayReloaded(in.what, err) })
		if err != nil {
			return fmt.Errorf("TLS of %s: %w", in.what, err)
		}
		if unknown := certs.UnknownCiphers(in.opt.Ciphers); len(unknown) > 0 {
			b.log.Warn("TLS ciphers that are not supported are passed over", zap.String("of", in.what), zap.Strings("ciphers", unknown))
		}
		*in.to = store
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

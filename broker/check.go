package broker

import (
	"fmt"
	"slices"

	"github.com/lepusmq/lepus/broker/session"
	"github.com/lepusmq/lepus/broker/vhost"
)

// Check returns what is wrong with the configuration as far as that can be told
// without a broker: names that there are not, and certificates that are no good.
func (c Config) Check() error { return New(c).check() }

// check is Config.Check; the certificates are those of the listeners then.
func (b *Broker) check() error {
	if err := b.cfg.checkWords(); err != nil {
		return err
	}
	if err := vhost.CheckQueueType(b.cfg.DefaultQueueType); err != nil {
		return fmt.Errorf("default queue type: %w", err)
	}
	if b.misconfigured != nil {
		return fmt.Errorf("who may log in: %w", b.misconfigured)
	}
	return b.openCerts()
}

// checkWords returns what is wrong with names and patterns.
func (c *Config) checkWords() error {
	for _, m := range c.Mechanisms {
		if !slices.Contains(session.Mechanisms(), m) {
			return fmt.Errorf("there is no mechanism %q to log in with", m)
		}
	}
	if err := c.CertLogin.Check(); err != nil {
		return fmt.Errorf("log in by certificate: %w", err)
	}
	return c.checkVHostDefaults()
}

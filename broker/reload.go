package broker

import (
	"errors"
	"fmt"
)

// Reload takes over what may change while the broker runs: TLS with the contents
// of its files, limits and watermarks, what new virtual hosts have, who may log in
// and how, and what clients are offered. The rest of the configuration is not looked
// at. What there is when a limit is lowered stays; those who are connected keep what
// they were offered. The error says what is wrong with the configuration, and then
// nothing has changed; or with certificates: then those from before go on, and the
// rest has changed.
func (b *Broker) Reload(cfg Config) error {
	cfg = cfg.withDefaults()
	if err := cfg.checkWords(); err != nil {
		return err
	}
	return b.administer(func() error {
		b.residents.setLimits(&cfg)
		b.setCeiling(&cfg)
		b.users.SetLoopback(cfg.LoopbackUsers)
		b.serveAs(&cfg)
		b.cfg.MaxVHosts, b.cfg.VHostDefaults = cfg.MaxVHosts, cfg.VHostDefaults
		b.memory.setWatermark(cfg.MemoryHighWatermark)
		b.store.SetDiskLow(cfg.DiskFreeLimit)
		var errs []error
		for _, with := range b.secured(&cfg) {
			if *with.store == nil {
				continue
			}
			if err := (*with.store).Reload(with.opt); err != nil {
				errs = append(errs, fmt.Errorf("TLS of %s: %w", with.what, err))
			}
		}
		return errors.Join(errs...)
	})
}

// setCeiling takes over how much there may be in all virtual hosts together.
func (b *Broker) setCeiling(cfg *Config) {
	b.ceiling.MaxQueues.Store(int64(cfg.MaxQueues))
	b.ceiling.MaxExchanges.Store(int64(cfg.MaxExchanges))
}

// SetMemoryHighWatermark sets above which use of memory, in bytes, publishers are
// blocked; 0 is never. It has no effect on a broker that was started without any.
func (b *Broker) SetMemoryHighWatermark(bytes int64) { b.memory.setWatermark(bytes) }

// SetDiskFreeLimit sets below which room on the disk, in bytes, publishers are
// blocked; 0 is what fits the volume.
func (b *Broker) SetDiskFreeLimit(bytes int64) { b.store.SetDiskLow(bytes) }

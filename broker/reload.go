package broker

import (
	"errors"
	"fmt"
)

// Reload takes over what may change while the broker runs: the contents of the
// files with certificates, MaxConnections, MaxChannels, MaxVHosts,
// MemoryHighWatermark and DiskFreeLimit. The rest of the configuration is not
// looked at. What there is when a limit is lowered stays. When certificates are
// no good those from before go on, and the error says so; the rest has changed.
func (b *Broker) Reload(cfg Config) error {
	return b.administer(func() error {
		b.residents.setLimits(&cfg)
		b.cfg.MaxVHosts = cfg.MaxVHosts
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

// SetMemoryHighWatermark sets above which use of memory, in bytes, publishers are
// blocked; 0 is never. It has no effect on a broker that was started without any.
func (b *Broker) SetMemoryHighWatermark(bytes int64) { b.memory.setWatermark(bytes) }

// SetDiskFreeLimit sets below which room on the disk, in bytes, publishers are
// blocked; 0 is what fits the volume.
func (b *Broker) SetDiskFreeLimit(bytes int64) { b.store.SetDiskLow(bytes) }

package broker

import (
	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/session"
)

// sessionConfig returns how clients are served, as a configuration says. The
// limits are set to it, also for those who are there.
func (b *Broker) sessionConfig(cfg *Config, limits *session.Limits) *session.Config {
	limits.SetMaxMessageSize(cfg.MaxMessageSize)
	limits.SetAckTimeout(cfg.ConsumerTimeout, cfg.ConsumerTimeoutCancels)
	limits.SetBusyWait(cfg.BusyWait)
	return &session.Config{
		Log:              b.cfg.Log,
		Realm:            b.realm.Realm,
		Host:             b.residents,
		Mechanisms:       cfg.Mechanisms,
		Anonymous:        cfg.AnonymousUser,
		Properties:       func() amqp.Table { return *b.properties.Load() },
		Before4:          before4(b.cfg.Version),
		Events:           b.events,
		NodeName:         b.cfg.NodeName,
		ChannelMax:       cfg.ChannelMax,
		FrameMax:         cfg.FrameMax,
		Heartbeat:        cfg.Heartbeat,
		HandshakeTimeout: cfg.HandshakeTimeout,
		MaxConsumers:     cfg.MaxConsumers,
		Interceptors:     cfg.Interceptors,
		Limits:           limits,
		PeerName:         cfg.CertLogin.Peer,
	}
}

// serveAs has clients that connect from now on served as a configuration says.
func (b *Broker) serveAs(cfg *Config) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.session.Store(b.sessionConfig(cfg, b.session.Load().Limits))
}

package session

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"slices"
	"time"

	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/queue"
)

// ID is a number that no other session of the broker has had.
func (s *Session) ID() uint64 { return uint64(s.owner) }

// Name is what the connection is called: "client:port -> broker:port".
// One of the broker's own is called by its number, as RabbitMQ's are.
func (s *Session) Name() string { return s.name }

// Traffic returns what went over the connection. Any goroutine may call it.
func (s *Session) Traffic() stats.Traffic {
	pending, bytes, packets := s.out.traffic()
	s.work.Lock()
	defer s.work.Unlock()
	return stats.Traffic{
		ReceivedBytes: s.received.bytes, ReceivedPackets: s.received.reads,
		SentBytes: bytes, SentPackets: packets, Pending: pending,
	}
}

// Stats returns what is known of the connection. Any goroutine may call it.
func (s *Session) Stats() stats.Connection {
	traffic := s.Traffic()
	s.work.Lock()
	defer s.work.Unlock()
	c := stats.Connection{
		ID: s.ID(), Name: s.Name(), Own: s.self, Peer: s.sock.conn.RemoteAddr(), Local: s.sock.conn.LocalAddr(),
		User: s.user, Mechanism: s.mechanism, State: s.standing(), Client: s.properties,
		Channels: len(s.channels), ChannelMax: int(s.offered.channelMax), FrameMax: s.frameMax,
		Heartbeat: s.pulse.every(), ConnectedAt: time.UnixMilli(s.since),
		Traffic: traffic,
	}
	if s.vhost != nil {
		c.VHost = s.vhost.Name()
	}
	if s.state > wantHeader {
		c.TLS = agreed(s.sock.conn)
	}
	return c
}

// received is what was read from the socket.
type received struct{ bytes, reads, frames uint64 }

// Received returns what has come from publishers on the connection. It does not
// change any more when the session has ended. Any goroutine may call it.
func (s *Session) Received() stats.Received {
	s.work.Lock()
	defer s.work.Unlock()
	return s.taken
}

// standing is RabbitMQ's word for how far the connection has come, or for what
// holds it up. Called with work held.
func (s *Session) standing() string {
	if s.state != running {
		return s.state.String()
	}
	switch alarmed, published := s.alarm.standing(); {
	case published:
		return "blocked"
	case alarmed:
		return "blocking"
	case s.waiting.Load():
		return "flow"
	}
	return running.String()
}

// agreed returns what TLS has agreed on; nil without. The client must have sent
// something, for before that it may hold up whoever asks.
func agreed(conn any) *stats.TLS {
	c, ok := conn.(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return nil
	}
	state := c.ConnectionState()
	t := &stats.TLS{Version: tls.VersionName(state.Version), Cipher: tls.CipherSuiteName(state.CipherSuite)}
	if len(state.PeerCertificates) > 0 {
		p := state.PeerCertificates[0]
		t.Subject, t.Issuer, t.NotAfter = p.Subject.String(), p.Issuer.String(), p.NotAfter
	}
	return t
}

// ChannelStats appends what is known of the channels, in the order of their
// numbers.
func (s *Session) ChannelStats(all []stats.Channel) []stats.Channel {
	s.work.Lock()
	defer s.work.Unlock()
	if s.vhost == nil {
		return all
	}
	now := time.Now()
	name := s.Name()
	from := len(all)
	for _, ch := range s.channels {
		all = append(all, ch.stats(name, now))
	}
	slices.SortFunc(all[from:], func(a, b stats.Channel) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

// stats returns what is known of a channel. Called with work held.
func (ch *channel) stats(connection string, now time.Time) stats.Channel {
	s := ch.s
	limit := ch.window.most()
	ch.mu.Lock()
	defer ch.mu.Unlock()
	c := stats.Channel{
		Connection: s.ID(), Name: fmt.Sprintf("%s (%d)", connection, ch.id), Number: ch.id,
		User: s.user, VHost: s.vhost.Name(), State: ch.standing(),
		Consumers: len(ch.consumers), Prefetch: ch.prefetch, GlobalPrefetch: limit,
		Confirming: ch.mode == confirming, Transacting: ch.mode == transactional,
		Unacked: ch.unacked.len - ch.takenBack, Unconfirmed: ch.confirms.outstanding(),
		Uncommitted: len(ch.tx.published), AcksUncommitted: len(ch.tx.settled),
		Messages: ch.messages(),
	}
	m := &c.Messages
	did := m.Publish + m.Confirm + m.DeliverGet() + m.GetEmpty + m.Ack
	if ch.seen.did != did || ch.seen.at.IsZero() {
		ch.seen = sight{did, now}
	} else {
		c.IdleSince = ch.seen.at
	}
	return c
}

// sight is what a channel had counted when it was looked at: if that is the same
// later, it has been idle at least since then.
type sight struct {
	did uint64
	at  time.Time
}

func (ch *channel) standing() string {
	if ch.closing {
		return closing.String()
	}
	return ch.s.standing()
}

// Consumer returns what is known of a consumer of this package's, which is the
// holder's business: not whether its queue serves it. Any goroutine may call it.
func Consumer(of *queue.Consumer) stats.Consumer {
	c := of.Label.(*consumer)
	ch := of.Holder.(*channel)
	return stats.Consumer{
		Connection: ch.s.ID(), ConnectionName: ch.s.Name(), Channel: ch.id,
		User: ch.s.user, VHost: ch.s.vhost.Name(), Queue: c.queue.QueueName(), Tag: c.tag,
		AckRequired: !c.NoAck, Exclusive: c.Exclusive, Prefetch: c.Prefetch, Priority: int(c.Priority),
		Arguments: c.args, AckTimeout: c.ackTimeout(time.Duration(ch.s.cfg.Limits.ackTimeout.Load())),
	}
}

// ackTimeout is how long a delivery to the consumer may stay unacked, by itself, its
// queue or the configuration; 0 is for ever.
func (c *consumer) ackTimeout(configured time.Duration) time.Duration {
	for _, asked := range []queue.Bound{c.timeout, c.queue.AckTimeout()} {
		if asked.Set {
			return time.Duration(asked.N) * time.Millisecond
		}
	}
	return configured
}

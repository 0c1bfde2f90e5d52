package session

import (
	"fmt"
	"net"
	"strings"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/event"
)

// What happens to a session, as the event exchange tells it: names and values of
// the headers are RabbitMQ's. Each costs an atomic read if nobody wants to know.

func (s *Session) authenticated(l login, mechanism string, failure error) {
	events := s.cfg.Events
	if !events.Wanted() {
		return
	}
	headers := append(s.peerFields(),
		event.Text("name", l.user), event.Text("auth_mechanism", mechanism), event.Text("connection_name", s.Name()),
		event.Text("connection_type", s.kind()))
	if failure == nil {
		events.Emit("user.authentication.success", 0, headers...)
		return
	}
	events.Emit("user.authentication.failure", 0, append(headers, event.Text("error", failure.Error()))...)
}

func (s *Session) connectionCreated() {
	if events := s.cfg.Events; events.Wanted() {
		events.Emit("connection.created", 0, append(s.peerFields(),
			event.Text("name", s.Name()), event.Text("pid", s.pid(0)), event.Text("node", s.cfg.NodeName),
			event.Text("user", s.user), event.Text("user_who_performed_action", s.user), event.Text("vhost", s.vhost.Name()),
			event.Text("type", s.kind()), event.Text("auth_mechanism", s.mechanism), event.Number("connected_at", s.since),
			event.Number("channel_max", int64(s.offered.channelMax)), event.Number("frame_max", int64(s.frameMax)),
			event.Number("timeout", int64(s.pulse.every().Seconds())), event.Table("client_properties", s.properties))...)
	}
}

// connectionClosed tells of the end of every connection that got as far as a
// log-in.
func (s *Session) connectionClosed() {
	if events := s.cfg.Events; events.Wanted() && s.properties != nil {
		events.Emit("connection.closed", 0, event.Text("name", s.Name()), event.Text("pid", s.pid(0)),
			event.Text("node", s.cfg.NodeName), event.Table("client_properties", s.properties))
	}
}

func (ch *channel) opened() {
	if events := ch.s.cfg.Events; events.Wanted() {
		events.Emit("channel.created", 0, event.Text("name", fmt.Sprintf("%s (%d)", ch.s.Name(), ch.id)),
			event.Text("pid", ch.s.pid(ch.id)), event.Text("connection", ch.s.pid(0)), event.Number("number", int64(ch.id)),
			event.Text("user", ch.s.user), event.Text("user_who_performed_action", ch.s.user), event.Text("vhost", ch.s.vhost.Name()))
	}
}

func (ch *channel) closed() {
	if events := ch.s.cfg.Events; events.Wanted() {
		events.Emit("channel.closed", 0, event.Text("pid", ch.s.pid(ch.id)), event.Text("user_who_performed_action", ch.s.user))
	}
}

func (ch *channel) consumerCreated(c *consumer) {
	if events := ch.s.cfg.Events; events.Wanted() {
		events.Emit("consumer.created", 0, append(ch.consumerFields(c), event.Flag("exclusive", c.Exclusive),
			event.Flag("ack_required", !c.NoAck), event.Number("prefetch_count", int64(c.Prefetch)), event.Table("arguments", c.args))...)
	}
}

func (ch *channel) consumerDeleted(c *consumer) {
	if events := ch.s.cfg.Events; events.Wanted() {
		events.Emit("consumer.deleted", 0, ch.consumerFields(c)...)
	}
}

func (ch *channel) consumerFields(c *consumer) []amqp.Field {
	return []amqp.Field{
		event.Text("consumer_tag", c.tag), event.Text("queue", c.queue.QueueName()), event.Text("vhost", ch.s.vhost.Name()),
		event.Text("channel", ch.s.pid(ch.id)), event.Text("user_who_performed_action", ch.s.user),
	}
}

// pid stands where RabbitMQ names a process: the node, the connection and the
// channel, which is 0 for the connection itself.
func (s *Session) pid(channel uint16) string {
	return fmt.Sprintf("<%s.%d.%d>", s.cfg.NodeName, s.ID(), channel)
}

func (s *Session) kind() string {
	if s.self {
		return "direct"
	}
	return "network"
}

// peerFields say where the client is.
func (s *Session) peerFields() []amqp.Field {
	peer, peerPort := hostFields(s.sock.conn.RemoteAddr())
	host, port := hostFields(s.sock.conn.LocalAddr())
	fields := []amqp.Field{
		event.Text("protocol", "{0,9,1}"), event.Text("peer_host", peer), event.Text("host", host),
		event.Number("peer_port", peerPort), event.Number("port", port),
	}
	t := agreed(s.sock.conn)
	fields = append(fields, event.Flag("ssl", t != nil))
	if t != nil {
		fields = append(fields, event.Text("ssl_protocol", t.Version), event.Text("ssl_cipher", t.Cipher),
			event.Text("peer_cert_subject", t.Subject), event.Text("peer_cert_issuer", t.Issuer))
	}
	return fields
}

// hostFields returns the host as RabbitMQ shows it here, {127,0,0,1}, and the
// port; "unknown" and 0 if there is none.
func hostFields(a net.Addr) (host string, port int64) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return "unknown", 0
	}
	if ip := tcp.IP.To4(); ip != nil {
		return "{" + strings.ReplaceAll(ip.String(), ".", ",") + "}", int64(tcp.Port)
	}
	ip, parts := tcp.IP.To16(), make([]string, 8)
	for i := range parts {
		parts[i] = fmt.Sprint(int(ip[2*i])<<8 | int(ip[2*i+1]))
	}
	return "{" + strings.Join(parts, ",") + "}", int64(tcp.Port)
}

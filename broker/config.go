package broker

import (
	"cmp"
	"io/fs"
	"net/http"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/certs"
	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/broker/session"
)

// DefaultVersion is the version of RabbitMQ whose behaviour clients are told
// to expect. Some choose how they set prefetch limits by it.
const DefaultVersion = "4.1.4"

// What clients are offered unless the configuration says otherwise:
// RabbitMQ's own defaults.
const (
	defaultChannelMax       = 2047
	defaultFrameMax         = 128 << 10
	defaultHeartbeat        = 60 * time.Second
	defaultHandshakeTimeout = 10 * time.Second
	defaultTLSTimeout       = 5 * time.Second
	defaultMaxMessageSize   = 16 << 20

	defaultConsumerTimeout      = 30 * time.Minute
	defaultConsumerTimeoutCheck = time.Minute
)

// Config says what kind of broker [New] makes. The zero Config is a broker in
// memory on a free port of the loopback interface.
type Config struct {
	// Listen holds the addresses to accept connections on, as host:port; an
	// empty host is every interface, port 0 a free one. Nil is 127.0.0.1:0, an
	// empty slice nowhere.
	Listen []string

	// ListenTLS holds such addresses for connections with TLS, which TLS says how
	// to speak. Nil is none.
	ListenTLS []string
	TLS       certs.Options

	// ListenUnix holds paths of Unix sockets to accept connections on; who may
	// open them is said by UnixMode, where 0 is 0660. A PROXY header is not
	// demanded there. Nil is none.
	ListenUnix []string
	UnixMode   fs.FileMode

	// TLSHandshakeTimeout is how long a client may take for its TLS handshake, or a
	// proxy for its header; 0 is five seconds.
	TLSHandshakeTimeout time.Duration

	// CertLogin says which name a client has that logs in by its certificate
	// (EXTERNAL).
	CertLogin certs.Naming

	// ProxyProtocol has all connections of clients come by way of a proxy, which
	// says whose they are by a header of the PROXY protocol, version 1 or 2. Who
	// comes without is refused.
	ProxyProtocol bool

	// TCP says how the sockets of clients are set up.
	TCP TCP

	// Management and Prometheus are where the views are served.
	Management, Prometheus HTTP

	// PathPrefix comes before all paths of the management API and page, as
	// "/rabbitmq"; empty is none. AllowOrigins are the origins whose pages may use
	// the API, "*" is any.
	PathPrefix   string
	AllowOrigins []string

	// Control serves what lies below /api/lepus/ of the management API, where
	// administrators only are let in; nil is nothing.
	Control http.Handler

	// DisableStats has the management API take no samples and show no counts, as if
	// each request asked for that; EnableQueueTotals has it show how many messages
	// are in queues all the same.
	DisableStats, EnableQueueTotals bool

	// MetricsPath is where the metrics are, and below it; empty is /metrics.
	MetricsPath string
	// MetricsPerObject has /metrics tell of each queue, channel and connection, not
	// only /metrics/per-object. Profiles serves /debug/pprof/ beside them, which
	// shows what is in the process's memory.
	MetricsPerObject, Profiles bool
	// MetricsLogin has those log in who read metrics: as users with the tag
	// monitoring or administrator.
	MetricsLogin bool

	// ConfigFiles and LogFiles are where the configuration comes from and where
	// is logged to, for those who ask the broker.
	ConfigFiles, LogFiles []string

	// DataDir is the folder in which messages and definitions are kept. It is
	// made if missing. Empty keeps everything in memory.
	DataDir string

	// AcceptLogLoss lets the broker start on a damaged log, without what the
	// damage took. Otherwise it refuses to start and names the damage.
	AcceptLogLoss bool

	// Log receives what the broker has to tell; nil discards it.
	Log *zap.Logger

	// LogRecords has lines of the log, which are published to the exchange
	// amq.rabbitmq.log of the virtual host that a new broker has. Nil is none.
	LogRecords *event.Records

	// Version is the RabbitMQ version that clients are told; empty is
	// [DefaultVersion]. With one before 4.0 the broker also does what those did and
	// 4.0 does not: dead letters go on with a history that a client publishes,
	// passive declarations need no permission, frames before the tuning have 4 KiB.
	Version string

	// Build is the version of LepusMQ itself, which administrators are told.
	Build string

	// NodeName is what the node is called where RabbitMQ names its node; empty is
	// rabbit@ and the host's name.
	NodeName string

	// ClusterName is what clients are told as the cluster's name; empty is
	// NodeName.
	ClusterName string

	// LoopbackUsers may log in from this machine only. Nil is guest, the user
	// that a new broker has; an empty slice is nobody.
	LoopbackUsers []string

	// Auth says who knows users, and what they may do. The zero Auth is the broker
	// itself.
	Auth Auth

	// Mechanisms are the ways to log in that clients are offered, in that order:
	// PLAIN, AMQPLAIN, ANONYMOUS, and EXTERNAL, which is offered to those whose
	// certificate says who they are. Nil is PLAIN and AMQPLAIN.
	Mechanisms []string

	// AnonymousUser is who those are who log in with ANONYMOUS; empty is guest.
	AnonymousUser string

	// ChannelMax is the number of channels that a connection may open; 0 is
	// 2047.
	ChannelMax uint16

	// FrameMax is the size of the largest frame, in bytes; 0 is 131072.
	FrameMax uint32

	// Heartbeat is proposed to clients, in whole seconds; 0 is a minute,
	// below 0 none.
	Heartbeat time.Duration

	// HandshakeTimeout is how long a client may take from connecting to
	// connection.open; 0 is ten seconds.
	HandshakeTimeout time.Duration

	// MaxMessageSize is the size of the largest body, in bytes; 0 is 16 MiB.
	MaxMessageSize uint64

	// DefaultQueueType is "classic" or "quorum": what a queue is whose
	// declaration does not say, and whose virtual host does not either, if its
	// flags allow it. Empty is classic.
	DefaultQueueType string

	// Seed is what the broker has if it starts with nothing, and VHostDefaults what
	// new virtual hosts have.
	Seed          Seed
	VHostDefaults []VHostDefault

	// Definitions are imported whenever the broker starts.
	Definitions Definitions

	// MaxVHosts is how many virtual hosts may be added; 0 is any number.
	MaxVHosts int

	// MaxConnections and MaxChannels are how many there may be of all users
	// together; 0 is any number.
	MaxConnections, MaxChannels int

	// MaxQueues and MaxExchanges are how many there may be of all virtual hosts
	// together, those included that every virtual host has; 0 is any number.
	MaxQueues, MaxExchanges int

	// MaxConsumers is how many consumers a channel may have; 0 is any number.
	MaxConsumers int

	// Interceptors write into messages that clients publish.
	Interceptors session.Interceptors

	// ConsumerTimeout is how long a consumer may keep a message without acking it,
	// unless its queue says otherwise. 0 is half an hour, below 0 for ever. It is
	// looked at every ConsumerTimeoutCheck, where 0 is a minute.
	ConsumerTimeout, ConsumerTimeoutCheck time.Duration

	// ConsumerTimeoutCancels takes the messages back and cancels the consumer, as
	// RabbitMQ does since 4.3, if the client understands that. Otherwise its
	// channel is closed.
	ConsumerTimeoutCancels bool

	// BusyWait is how long a core is kept awake for clients that answer at once, while
	// they do, at most [session.MaxBusyWait]. 0 is 60 µs where the process may use two
	// cores or more, below 0 never.
	BusyWait time.Duration

	// FloodNews, if any, is told when a client writes its messages one by one as fast
	// as it can. A program that has its process to itself may change then how that is
	// scheduled.
	FloodNews session.FloodNews

	// MemoryLimit is how much memory the broker may use in all, in bytes. It
	// is a setting of the whole process while the broker runs: the Go runtime
	// is told to keep below it, unless the environment variable GOMEMLIMIT
	// says how much. 0 is unknown and leaves the runtime alone.
	MemoryLimit int64

	// DiskFreeLimit is the room on the data folder's volume, in bytes, below which
	// publishers are blocked; 0 is what fits the volume. The store asks for some
	// room in any case.
	DiskFreeLimit int64

	// MemoryHighWatermark is the use of memory, in bytes, above which
	// publishers are blocked until it has fallen. 0 is never.
	MemoryHighWatermark int64
}

// withDefaults returns the configuration with every zero value replaced.
func (c Config) withDefaults() Config {
	if c.Listen == nil {
		c.Listen = []string{"127.0.0.1:0"}
	}
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.LoopbackUsers == nil {
		c.LoopbackUsers = []string{defaultUser}
	}
	if c.NodeName == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "localhost"
		}
		c.NodeName = "rabbit@" + host
	}
	c.ClusterName = cmp.Or(c.ClusterName, c.NodeName)
	if c.Mechanisms == nil {
		c.Mechanisms = []string{"PLAIN", "AMQPLAIN"}
	}
	c.Seed = c.Seed.withDefaults()
	c.AnonymousUser = cmp.Or(c.AnonymousUser, defaultUser)
	c.Version = cmp.Or(c.Version, DefaultVersion)
	c.ChannelMax = cmp.Or(c.ChannelMax, defaultChannelMax)
	c.FrameMax = cmp.Or(c.FrameMax, defaultFrameMax)
	c.Heartbeat = max(cmp.Or(c.Heartbeat, defaultHeartbeat), 0)
	c.HandshakeTimeout = cmp.Or(c.HandshakeTimeout, defaultHandshakeTimeout)
	c.UnixMode = cmp.Or(c.UnixMode, 0o660)
	c.TLSHandshakeTimeout = cmp.Or(c.TLSHandshakeTimeout, defaultTLSTimeout)
	c.ConsumerTimeout = max(cmp.Or(c.ConsumerTimeout, defaultConsumerTimeout), 0)
	if c.BusyWait == 0 {
		c.BusyWait = defaultBusyWait()
	}
	c.ConsumerTimeoutCheck = cmp.Or(c.ConsumerTimeoutCheck, defaultConsumerTimeoutCheck)
	c.MaxMessageSize = cmp.Or(c.MaxMessageSize, defaultMaxMessageSize)
	if c.Management.Handler == nil {
		c.Management.Handler = func(b *Broker) http.Handler { return manage(b) }
	}
	if c.Prometheus.Handler == nil {
		c.Prometheus.Handler = measure
	}
	return c
}

package stats

import "time"

// Totals is what all objects of a broker, or of a virtual host, come to.
type Totals struct {
	Connections, Channels, Exchanges, Queues, Consumers int
	// These are of all queues together, see [QueueCounts]; Memory is what they take
	// of it, see [Queue].
	Ready, Unacked, Delayed  int
	ReadyBytes, UnackedBytes int64
	Persistent, Resident     int
	PersistentBytes          int64
	ResidentBytes            int64
	Memory                   int64
	QuorumMemory             int64 // which of it quorum queues take

	Messages Messages
	// Quorum is which of these deliveries, gets and acks were of quorum queues.
	Quorum                  Messages
	ClassicDead, QuorumDead Deaths
	Churn                   Churn
	// Traffic is what went over connections that had entered a virtual host.
	Traffic Traffic
}

// Add adds the totals of others.
func (t *Totals) Add(o *Totals) {
	t.Connections += o.Connections
	t.Channels += o.Channels
	t.Exchanges += o.Exchanges
	t.Queues += o.Queues
	t.Consumers += o.Consumers
	t.Ready += o.Ready
	t.Unacked += o.Unacked
	t.Delayed += o.Delayed
	t.ReadyBytes += o.ReadyBytes
	t.UnackedBytes += o.UnackedBytes
	t.Persistent += o.Persistent
	t.PersistentBytes += o.PersistentBytes
	t.Resident += o.Resident
	t.ResidentBytes += o.ResidentBytes
	t.Memory += o.Memory
	t.QuorumMemory += o.QuorumMemory
	t.Messages.Add(&o.Messages)
	t.Quorum.Add(&o.Quorum)
	t.ClassicDead.Add(&o.ClassicDead)
	t.QuorumDead.Add(&o.QuorumDead)
	t.Churn.Add(&o.Churn)
	t.Traffic.Add(&o.Traffic)
}

// Churn counts what came and went since the broker's start.
type Churn struct {
	ConnectionsOpened, ConnectionsClosed         uint64
	ChannelsOpened, ChannelsClosed               uint64
	QueuesDeclared, QueuesCreated, QueuesDeleted uint64
}

// Add adds the counts of others.
func (c *Churn) Add(o *Churn) {
	c.ConnectionsOpened += o.ConnectionsOpened
	c.ConnectionsClosed += o.ConnectionsClosed
	c.ChannelsOpened += o.ChannelsOpened
	c.ChannelsClosed += o.ChannelsClosed
	c.QueuesDeclared += o.QueuesDeclared
	c.QueuesCreated += o.QueuesCreated
	c.QueuesDeleted += o.QueuesDeleted
}

// Deaths is what became of messages that died in queues of one type.
type Deaths struct {
	// Disabled counts those that nobody wanted to have: the queue has no dead letter
	// exchange, or that is not there.
	Disabled                Dead
	AtMostOnce, AtLeastOnce Dead
	// Confirmed is those of AtLeastOnce that have arrived.
	Confirmed uint64
}

// Add adds the counts of others.
func (d *Deaths) Add(o *Deaths) {
	d.Disabled.Add(&o.Disabled)
	d.AtMostOnce.Add(&o.AtMostOnce)
	d.AtLeastOnce.Add(&o.AtLeastOnce)
	d.Confirmed += o.Confirmed
}

// Dead counts dead messages by their reason.
type Dead struct {
	Expired, MaxLength, Rejected, DeliveryLimit uint64
}

// Add adds the counts of others.
func (d *Dead) Add(o *Dead) {
	d.Expired += o.Expired
	d.MaxLength += o.MaxLength
	d.Rejected += o.Rejected
	d.DeliveryLimit += o.DeliveryLimit
}

// Logins counts attempts to log in.
type Logins struct{ Succeeded, Failed uint64 }

// Node is the state of the process and its machine. Sizes are in bytes, -1 where
// they are not known.
type Node struct {
	Name, ClusterName string
	ClusterID         string // generated at the first start
	Version           string // of RabbitMQ, as clients are told
	Build             string // of lepus
	Started           time.Time
	PID               int
	DataDir           string
	// ConfigFiles and LogFiles are paths; <stderr> is the console.
	ConfigFiles, LogFiles []string

	Processors int
	Goroutines int
	RunQueue   int
	// Collections is how many garbage collections there were, Collected what they
	// have freed, in bytes.
	Collections, Collected uint64

	MemoryUsed, MemoryLimit int64 // the limit is that of the alarm
	MemoryTotal             int64 // what there may be used
	MemoryAlarm             bool
	DiskFree, DiskLimit     int64
	DiskAlarm               bool
	FDUsed, FDTotal         int
	Sockets                 int
	// Reads, Writes and Syncs are those of the log and of the overflow; what the index
	// does is not counted.
	Reads, Writes, Syncs IO

	Listeners []Listener // that let clients in
	// BeingDrained says that the broker is in maintenance: it serves no clients.
	BeingDrained bool

	// Logins are those of AMQP, WebLogins those of the management API.
	Logins, WebLogins Logins
}

// IO is how often something was done with files, with how many bytes, and how long
// that took in all.
type IO struct {
	Ops, Bytes uint64
	Took       time.Duration
}

// Listener is where clients can connect.
type Listener struct {
	// Protocol is RabbitMQ's name: amqp, amqp/ssl, http, https, http/prometheus.
	Protocol string
	// Address is an IP address, or the path of a Unix socket, which has no port.
	Address string
	Port    int
	// CertificateExpires is when the certificate of a TLS listener does; zero if there
	// is none.
	CertificateExpires time.Time
}

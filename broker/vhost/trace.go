package vhost

import (
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// TraceExchange is where copies of all messages go while a virtual host is
// traced, see [Settings]: RabbitMQ's firehose.
const TraceExchange = "amq.rabbitmq.trace"

// maxTraced is how many bytes of copies may be on their way to queues. Beyond
// that messages are not traced: whoever makes copies does not wait for those who
// look at them.
const maxTraced = 32 << 20

// tracing is how a virtual host is traced.
type tracing struct {
	on       atomic.Bool
	underway atomic.Int64 // bytes of copies that no queue has yet
	lost     atomic.Int64 // messages that were not traced, since the log was told
}

// Tracing says whether messages are to be traced. It costs an atomic read.
func (v *VHost) Tracing() bool { return v.tracing.on.Load() }

// Trace is copies of messages on their way to the trace exchange.
type Trace struct {
	vhost *VHost
	route Route
	group queue.Group
	size  int64
}

// NewTrace begins a trace, which [Trace.Post] ends. It is nil when the virtual
// host is being closed.
func (v *VHost) NewTrace() *Trace {
	if !v.beginBurial() {
		return nil
	}
	return &Trace{vhost: v}
}

// Add adds a copy: a transient message with these headers and a routing key, of
// which only as much is shown as the wire allows. Nothing is kept of the body.
func (t *Trace) Add(key string, headers amqp.Table, body []byte) {
	t.add(TraceExchange, key, amqp.Properties{Flags: amqp.HasHeaders, Headers: headers}, body)
}

func (t *Trace) add(exchange, key string, p amqp.Properties, body []byte) {
	v := t.vhost
	if v.tracing.underway.Load() >= maxTraced {
		if v.tracing.lost.Add(1) == 1 {
			v.log.Warn("messages are not traced: the queues of the exchange do not keep up", zap.String("exchange", exchange))
		}
		return
	}
	buf := appendRoute(make([]byte, 0, 512+len(body)), exchange, []byte(key))
	route := len(buf)
	buf = p.Append(buf)
	head := len(buf) - route
	m := queue.Adopt(append(buf, body...), route, head)
	t.size += int64(m.Size())
	v.tracing.underway.Add(int64(m.Size()))
	v.forward(&t.route, exchange, &m, &t.group)
}

// Post hands the copies to the queues. It runs no strand on the caller's stack
// and waits for nobody.
func (t *Trace) Post() {
	v, size := t.vhost, t.size
	defer v.burials.Done()
	t.group.Post(v.NewGroup, func() { v.traced(size) })
}

// traced notes that queues have so many bytes of copies.
func (v *VHost) traced(size int64) {
	if v.tracing.underway.Add(-size) > maxTraced/2 {
		return
	}
	if n := v.tracing.lost.Swap(0); n > 0 {
		v.log.Warn("messages are traced again", zap.Int64("missed", n))
	}
}

package management

import (
	"strconv"
	"strings"
	"time"

	"github.com/lepusmq/lepus/broker/stats"
)

// A sample of an object is a list of numbers, in an order that its kind has. Queues,
// exchanges, channels, virtual hosts and the whole begin alike, with the lengths and
// the counters of messages.

// The places of lengths, and of counters by their names in message_stats.
const (
	lengthsAt  = 0
	messagesAt = 3
	afterAt    = 19 // where it goes on with what only some kinds have
)

// lengths are what there is, messages what was done.
func lengthNames() []string {
	return []string{"messages", "messages_ready", "messages_unacknowledged"}
}

func messageNames() []string {
	return []string{
		"publish", "publish_in", "publish_out", "confirm", "return_unroutable", "drop_unroutable",
		"deliver", "deliver_no_ack", "get", "get_no_ack", "get_empty", "deliver_get", "redeliver", "ack",
		"disk_reads", "disk_writes",
	}
}

func churnNames() []string {
	return []string{
		"connection_created", "connection_closed", "channel_created", "channel_closed",
		"queue_declared", "queue_created", "queue_deleted",
	}
}

// trafficAt is where totals have their traffic: bytes, the first two of its names.
const trafficAt = afterAt + 7

func trafficNames() []string { return []string{"recv_oct", "send_oct", "recv_cnt", "send_cnt"} }

func nodeNames() []string {
	return []string{"mem_used", "disk_free", "fd_used", "sockets_used", "proc_used"}
}

// messageSample is how samples of most kinds begin.
func messageSample(ready, unacked int, m *stats.Messages) []int64 {
	counts := messageCounts(ready, unacked, m)
	return counts[:]
}

func messageCounts(ready, unacked int, m *stats.Messages) [afterAt]int64 {
	return [afterAt]int64{
		int64(ready + unacked), int64(ready), int64(unacked),
		int64(m.Publish), int64(m.PublishIn), int64(m.PublishOut), int64(m.Confirm),
		int64(m.ReturnUnroutable), int64(m.DropUnroutable),
		int64(m.Deliver), int64(m.DeliverNoAck), int64(m.Get), int64(m.GetNoAck), int64(m.GetEmpty),
		int64(m.DeliverGet()), int64(m.Redeliver), int64(m.Ack), int64(m.DiskReads), int64(m.DiskWrites),
	}
}

func totalsSample(t *stats.Totals) []int64 {
	c := &t.Churn
	return append(messageSample(t.Ready, t.Unacked, &t.Messages),
		int64(c.ConnectionsOpened), int64(c.ConnectionsClosed), int64(c.ChannelsOpened), int64(c.ChannelsClosed),
		int64(c.QueuesDeclared), int64(c.QueuesCreated), int64(c.QueuesDeleted),
		int64(t.Traffic.ReceivedBytes), int64(t.Traffic.SentBytes))
}

func trafficSample(t *stats.Traffic) []int64 {
	return []int64{int64(t.ReceivedBytes), int64(t.SentBytes), int64(t.ReceivedPackets), int64(t.SentPackets)}
}

func nodeSample(n *stats.Node) []int64 {
	return []int64{max(n.MemoryUsed, 0), max(n.DiskFree, 0), int64(n.FDUsed), int64(n.Sockets), int64(n.Goroutines)}
}

// point is a sample and when it was taken, in milliseconds since 1970.
type point struct {
	at int64
	v  []int64
}

// series is what is kept of an object: the last two samples, from which its rates
// come, and if it is charted more.
type series struct {
	prev, last point
	fine       []point // the oldest first, one for each interval
	coarse     []point // one for each minute; only of totals
	charted    int64   // when a chart was asked for last
	keeps      bool    // it is charted always, and for an hour
}

const (
	finePoints   = 120 // ten minutes of five seconds each
	coarsePoints = 60
	coarseEvery  = int64(time.Minute / time.Millisecond)
	// chartedFor is how long an object is charted after it was asked for.
	chartedFor = int64(5 * time.Minute / time.Millisecond)
)

// add adds a sample.
func (s *series) add(p point) {
	s.prev, s.last = s.last, p
	if s.keeps && (len(s.coarse) == 0 || p.at-s.coarse[len(s.coarse)-1].at >= coarseEvery) {
		s.coarse = push(s.coarse, p, coarsePoints)
	}
	if !s.keeps && p.at-s.charted > chartedFor {
		s.fine = nil
		return
	}
	s.fine = push(s.fine, p, finePoints)
}

// push appends a point and lets go of the oldest if there are too many. What was
// returned before stays as it is.
func push(points []point, p point, most int) []point {
	if len(points) < most {
		return append(points, p)
	}
	return append(append(make([]point, 0, most), points[1:]...), p)
}

// history is a copy of a series, to be shown.
type history struct {
	prev, last   point
	fine, coarse []point
}

// rate is a number that is shown with a decimal point, so that it is a float for
// everybody.
type rate float64

// MarshalJSON implements json.Marshaler.
func (r rate) MarshalJSON() ([]byte, error) {
	s := strconv.FormatFloat(float64(r), 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return []byte(s), nil
}

// rate is by how much a number has grown each second, lately.
func (h *history) rate(i int) rate {
	took := h.last.at - h.prev.at
	if i >= len(h.prev.v) || i >= len(h.last.v) || took <= 0 {
		return 0
	}
	return rate(float64(h.last.v[i]-h.prev.v[i]) * 1000 / float64(took))
}

// rate is that of a series.
func (s *series) rate(i int) rate {
	h := history{prev: s.prev, last: s.last}
	return h.rate(i)
}

// span is which samples of the past a chart shows, in milliseconds.
type span struct{ age, incr int64 }

// details is a number's rate, and its past if that was asked for, the latest first:
// zeros of an object that is so new that it has none.
func (h *history) details(i int, s span) object {
	d := object{"rate": h.rate(i)}
	if s.incr == 0 {
		return d
	}
	newest := h.last.at
	if newest == 0 {
		newest = time.Now().UnixMilli()
	}
	newest -= newest % s.incr
	var samples []object
	var sum, first, last int64
	for at := newest; at >= newest-s.age; at -= s.incr {
		n := h.value(i, at)
		samples = append(samples, object{"sample": n, "timestamp": at})
		sum += n
		if at == newest {
			last = n
		}
		first = n
	}
	d["samples"] = samples
	d["avg"] = rate(float64(sum) / float64(len(samples)))
	d["avg_rate"] = rate(float64(last-first) * 1000 / float64(max(s.age, 1)))
	return d
}

// value is what a number was at a time, or the oldest that is known of it.
func (h *history) value(i int, at int64) int64 {
	var oldest int64
	for _, points := range [][]point{{h.last, h.prev}, reversed(h.fine), reversed(h.coarse)} {
		for _, p := range points {
			if i >= len(p.v) {
				continue
			}
			oldest = p.v[i]
			if p.at <= at {
				return oldest
			}
		}
	}
	return oldest
}

func reversed(points []point) []point {
	r := make([]point, len(points))
	for i, p := range points {
		r[len(r)-1-i] = p
	}
	return r
}

// put shows numbers under their names, with their details. The first of them has the
// index from in the samples.
func (h *history) put(to object, from int, names []string, values []int64, s span) {
	for i, name := range names {
		to[name] = values[from+i]
		to[name+"_details"] = h.details(from+i, s)
	}
}

// messageStats is the message_stats of an object that has counters of these names;
// nil if nothing was ever counted.
func (h *history) messageStats(names []string, values []int64, s span) object {
	o := object{}
	any := false
	for i, name := range messageNames() {
		if !contains(names, name) {
			continue
		}
		n := values[messagesAt+i]
		any = any || n != 0
		o[name] = n
		o[name+"_details"] = h.details(messagesAt+i, s)
	}
	if !any {
		return nil
	}
	return o
}

// The counters that the kinds of objects have.
func queueMessages() []string {
	return []string{"publish", "deliver", "deliver_no_ack", "get", "get_no_ack", "get_empty", "deliver_get", "redeliver",
		"ack", "disk_reads", "disk_writes"}
}

func exchangeMessages() []string { return []string{"publish_in", "publish_out"} }

func channelMessages() []string {
	return []string{"publish", "confirm", "return_unroutable", "drop_unroutable", "deliver", "deliver_no_ack", "get",
		"get_no_ack", "get_empty", "deliver_get", "redeliver", "ack"}
}

func totalMessages() []string { return append(channelMessages(), "disk_reads", "disk_writes") }

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

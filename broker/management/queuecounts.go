package management

import (
	"slices"
	"strings"

	"github.com/lepusmq/lepus/broker/stats"
)

// countColumn is a column of queues that is one of their counts.
type countColumn struct {
	name  string
	value func(c *stats.QueueCounts) any
}

func countColumns() []countColumn {
	ready := func(c *stats.QueueCounts) int { return min(c.Ready, c.Resident) }
	all := func(c *stats.QueueCounts) int64 { return c.ReadyBytes + c.UnackedBytes }
	// What is in memory is counted with what belongs to a message beside its body.
	resident := func(c *stats.QueueCounts) int64 { return min(c.ResidentBytes, all(c)) }
	return []countColumn{
		{"type", func(c *stats.QueueCounts) any { return c.Type }},
		{"durable", func(c *stats.QueueCounts) any { return c.Durable }},
		{"exclusive", func(c *stats.QueueCounts) any { return c.Exclusive }},
		{"auto_delete", func(c *stats.QueueCounts) any { return c.AutoDelete }},
		{"arguments", func(c *stats.QueueCounts) any { return c.Arguments }},
		{"policy", func(c *stats.QueueCounts) any { return orNull(c.Policy) }},
		{"operator_policy", func(c *stats.QueueCounts) any { return orNull(c.OperatorPolicy) }},
		{"memory", func(c *stats.QueueCounts) any { return c.Memory }},
		{"consumers", func(c *stats.QueueCounts) any { return c.Consumers }},
		{"consumer_capacity", func(c *stats.QueueCounts) any { return c.Capacity }},
		{"consumer_utilisation", func(c *stats.QueueCounts) any { return c.Capacity }},
		{"messages_persistent", func(c *stats.QueueCounts) any { return c.Persistent }},
		{"messages_ram", func(c *stats.QueueCounts) any { return c.Resident }},
		{"messages_ready_ram", func(c *stats.QueueCounts) any { return ready(c) }},
		{"messages_unacknowledged_ram", func(c *stats.QueueCounts) any { return c.Resident - ready(c) }},
		{"messages_paged_out", func(c *stats.QueueCounts) any { return c.Ready + c.Unacked - c.Resident }},
		{"messages_delayed", func(c *stats.QueueCounts) any { return c.Delayed }},
		{"message_bytes", func(c *stats.QueueCounts) any { return all(c) }},
		{"message_bytes_ready", func(c *stats.QueueCounts) any { return c.ReadyBytes }},
		{"message_bytes_unacknowledged", func(c *stats.QueueCounts) any { return c.UnackedBytes }},
		{"message_bytes_persistent", func(c *stats.QueueCounts) any { return c.PersistentBytes }},
		{"message_bytes_ram", func(c *stats.QueueCounts) any { return resident(c) }},
		{"message_bytes_paged_out", func(c *stats.QueueCounts) any { return all(c) - resident(c) }},
		{"head_message_timestamp", func(c *stats.QueueCounts) any {
			if c.HeadTimestamp == 0 {
				return nil
			}
			return c.HeadTimestamp
		}},
	}
}

// heads are the first parts of columns: what is to be computed for them. Nil is
// everything.
type heads map[string]bool

func headsOf(columns []string) heads {
	h := heads{}
	for _, c := range columns {
		head, _, _ := strings.Cut(c, ".")
		h[head] = true
	}
	return h
}

func (h heads) want(name string) bool { return h == nil || h[name] }

// light says that all of them, of which there are some, come from counts.
func (h heads) light() bool {
	known := append(lengthNames(), "name", "vhost", "message_stats")
	for _, c := range countColumns() {
		known = append(known, c.name)
	}
	for name := range h {
		if !slices.Contains(known, strings.TrimSuffix(name, "_details")) {
			return false
		}
	}
	return len(h) > 0
}

// countsRow is what is shown of a queue that changes all the time, and is cheap.
func (q *request) countsRow(host string, c *stats.QueueCounts, spans *spans, only heads) object {
	row := object{"name": c.Name, "vhost": host}
	for _, column := range q.server.countColumns {
		if only.want(column.name) {
			row[column.name] = column.value(c)
		}
	}
	now := messageCounts(c.Ready, c.Unacked, &c.Messages)
	var h history
	if only == nil || only["message_stats"] || only["messages_details"] || only["messages_ready_details"] ||
		only["messages_unacknowledged_details"] {
		h = q.history(place{queues, host, c.Name}, spans)
	}
	for i, name := range lengthNames() {
		if only.want(name) {
			row[name] = now[lengthsAt+i]
		}
		if only.want(name + "_details") {
			row[name+"_details"] = h.details(lengthsAt+i, spans.lengths)
		}
	}
	if only.want("message_stats") {
		if m := h.messageStats(queueMessages(), now[:], spans.messages); m != nil {
			row["message_stats"] = m
		}
	}
	return row
}

// queueKey returns what finds the numbers and texts of a column among the counts, nil
// if it is not there.
func queueKey(column string) func(in *queuesIn, at int) sortKey {
	if column == "idle_since" {
		return func(in *queuesIn, at int) sortKey {
			since := in.now.counts[at].IdleSince
			if since.IsZero() {
				return sortKey{}
			}
			return numberKey(float64(since.UnixMilli()))
		}
	}
	if name, ok := strings.CutPrefix(column, "arguments."); ok {
		return func(in *queuesIn, at int) sortKey {
			v, _ := in.now.counts[at].Arguments.Get(name)
			return valueKey(v)
		}
	}
	for _, c := range countColumns() {
		if c.name == column {
			return func(in *queuesIn, at int) sortKey { return keyOf(c.value(&in.now.counts[at])) }
		}
	}
	name, isRate := strings.CutSuffix(strings.TrimPrefix(column, "message_stats."), "_details.rate")
	number := slices.Index(append(lengthNames(), messageNames()...), name)
	switch {
	case number < 0:
		return nil
	case isRate:
		return func(in *queuesIn, at int) sortKey {
			if in.rates == in.now {
				return numberKey(float64(in.now.rate(at, number)))
			}
			return numberKey(float64(in.rates.rateOf(in.now.counts[at].Name, number)))
		}
	}
	return func(in *queuesIn, at int) sortKey {
		c := &in.now.counts[at]
		return numberKey(float64(messageCounts(c.Ready, c.Unacked, &c.Messages)[number]))
	}
}

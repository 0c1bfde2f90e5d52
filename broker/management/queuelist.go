package management

import (
	"slices"
	"strings"

	"github.com/lepusmq/lepus/broker/stats"
)

// queueList is the queues that are to be listed, of which nothing is known but their
// names, and what they count if the order or all columns come from that.
type queueList struct {
	q      *request
	all    []named
	counts []stats.QueueCounts // as all; nil if they are not needed
	spans  spans
}

func listQueues(q *request) error {
	q.server.sampler.look(queues)
	l := &queueList{q: q, spans: q.spans()}
	query := q.URL.Query()
	if number(query.Get("sort")) != nil || lightColumns(columnsOf(query.Get("columns"))) {
		l.count(q.hosts())
	} else {
		l.all = namesIn(q.hosts(), q.server.broker.QueueNames)
	}
	return q.list(list{
		n:     len(l.all),
		name:  func(i int) string { return l.all[i].name },
		row:   l.row,
		key:   l.key,
		light: l.light,
	})
}

func (l *queueList) count(hosts []string) {
	l.counts = []stats.QueueCounts{}
	for _, host := range hosts {
		counts, _ := l.q.server.broker.QueueCounts(host) // an error is that it was deleted meanwhile
		l.counts = append(l.counts, counts...)
		for i := range counts {
			l.all = append(l.all, named{host, counts[i].Name})
		}
	}
}

func (l *queueList) row(i int) object {
	one, err := l.q.server.broker.Queue(l.all[i].vhost, l.all[i].name)
	if err != nil {
		return nil
	}
	return l.q.queueRow(&one, &l.spans)
}

// key orders by what queues count, and by the rates of that.
func (l *queueList) key(column string) func(i int) float64 {
	n := number(column)
	if n == nil || l.counts == nil {
		return nil
	}
	return func(i int) float64 { return n(l, i) }
}

// light makes rows of counts alone, if that is all that is wanted.
func (l *queueList) light(columns []string) func(i int) object {
	if l.counts == nil || !lightColumns(columns) {
		return nil
	}
	return func(i int) object { return l.q.countsRow(l.all[i].vhost, &l.counts[i], &l.spans) }
}

// lightColumns says whether all columns, of which there are some, are among the
// counts.
func lightColumns(columns []string) bool {
	light := []string{"name", "vhost", "type", "consumers", "message_stats", "messages_persistent", "messages_ram",
		"message_bytes", "message_bytes_ready", "message_bytes_unacknowledged", "message_bytes_persistent", "message_bytes_ram",
		"head_message_timestamp", "consumer_capacity", "consumer_utilisation"}
	for _, c := range columns {
		head, _, _ := strings.Cut(c, ".")
		if !slices.Contains(light, head) && !slices.Contains(lengthNames(), strings.TrimSuffix(head, "_details")) {
			return false
		}
	}
	return len(columns) > 0
}

// number returns what finds the number of a column among the counts, nil if it is not
// there.
func number(column string) func(l *queueList, i int) float64 {
	switch column {
	case "consumers":
		return func(l *queueList, i int) float64 { return float64(l.counts[i].Consumers) }
	case "message_bytes":
		return func(l *queueList, i int) float64 { return float64(l.counts[i].ReadyBytes + l.counts[i].UnackedBytes) }
	case "consumer_capacity", "consumer_utilisation":
		return func(l *queueList, i int) float64 { return l.counts[i].Capacity }
	}
	name, isRate := strings.CutSuffix(strings.TrimPrefix(column, "message_stats."), "_details.rate")
	at := slices.Index(append(lengthNames(), messageNames()...), name)
	switch {
	case at < 0:
		return nil
	case isRate:
		return func(l *queueList, i int) float64 {
			h := l.q.server.sampler.history(place{queues, l.all[i].vhost, l.all[i].name}, false)
			return float64(h.rate(at))
		}
	}
	return func(l *queueList, i int) float64 {
		c := &l.counts[i]
		switch at {
		case 0:
			return float64(c.Ready + c.Unacked)
		case 1:
			return float64(c.Ready)
		case 2:
			return float64(c.Unacked)
		}
		return float64(messageSample(c.Ready, c.Unacked, &c.Messages)[at])
	}
}

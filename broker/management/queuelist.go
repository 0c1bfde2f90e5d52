package management

import (
	"slices"

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
	if q.plain() {
		l.all = namesIn(q.hosts(), q.server.broker.QueueNames)
		return q.list(list{n: len(l.all), name: func(i int) string { return l.all[i].name }, row: l.plainRow})
	}
	if number(query.Get("sort")) != nil || headsOf(columnsOf(query.Get("columns"))).light() {
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
		counts := l.q.server.sampler.queueCounts(host)
		l.all = slices.Grow(l.all, len(counts))
		for i := range counts {
			l.all = append(l.all, named{host, counts[i].Name})
		}
		if len(l.counts) == 0 {
			l.counts = slices.Clip(counts) // they are the sampler's
		} else {
			l.counts = append(l.counts, counts...)
		}
	}
}

func (l *queueList) plainRow(i int) object {
	one, err := l.q.server.broker.Queue(l.all[i].vhost, l.all[i].name)
	if err != nil {
		return nil
	}
	return l.q.plainQueue(&one)
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
	return n(l)
}

// light makes rows of counts alone, if that is all that is wanted.
func (l *queueList) light(columns []string) func(i int) object {
	only := headsOf(columns)
	if l.counts == nil || !only.light() {
		return nil
	}
	return func(i int) object { return l.q.countsRow(l.all[i].vhost, &l.counts[i], &l.spans, only) }
}

package management

import (
	"sort"
	"strings"
)

// queueList is the queues that are to be listed, of which nothing is known but their
// names, and what they count if the order or all columns come from that.
type queueList struct {
	q     *request
	in    []queuesIn
	n     int
	spans spans
}

// queuesIn is those of a virtual host. Nothing of it is a copy.
type queuesIn struct {
	host  string
	from  int // the place of the first in the list
	names []string
	// now is what they count; nil if that is not needed. rates is where their rates
	// are, nil if there are none.
	now, rates *snapshot
}

func listQueues(q *request) error {
	q.server.sampler.look(queues)
	l := &queueList{q: q, spans: q.spans()}
	query := q.URL.Query()
	if queueKey(query.Get("sort")) != nil || headsOf(columnsOf(query.Get("columns"))).light() {
		l.count(q.hosts())
	} else {
		l.name(q.hosts())
	}
	all := list{n: l.n, name: l.nameOf, sorted: len(l.in) == 1, row: l.row, key: l.key, light: l.light}
	if q.plain() {
		all.row, all.light = l.plainRow, nil
	}
	return q.list(all)
}

func (l *queueList) count(hosts []string) {
	for _, host := range hosts {
		in := queuesIn{host: host, from: l.n}
		in.now, in.rates = l.q.server.sampler.counted(host)
		l.in = append(l.in, in)
		l.n += len(in.now.counts)
	}
}

func (l *queueList) name(hosts []string) {
	for _, host := range hosts {
		names, _ := l.q.server.broker.QueueNames(host) // an error is that it was deleted meanwhile
		l.in = append(l.in, queuesIn{host: host, from: l.n, names: names})
		l.n += len(names)
	}
}

// at returns where the queue at a place of the list is.
func (l *queueList) at(i int) (in *queuesIn, at int) {
	n := sort.Search(len(l.in), func(n int) bool { return l.in[n].from > i }) - 1
	return &l.in[n], i - l.in[n].from
}

func (in *queuesIn) name(at int) string {
	if in.now != nil {
		return in.now.counts[at].Name
	}
	return in.names[at]
}

func (l *queueList) nameOf(i int) string {
	in, at := l.at(i)
	return in.name(at)
}

func (l *queueList) row(i int) object {
	in, at := l.at(i)
	one, err := l.q.server.broker.Queue(in.host, in.name(at))
	if err != nil {
		return nil
	}
	return l.q.queueRow(&one, &l.spans)
}

func (l *queueList) plainRow(i int) object {
	in, at := l.at(i)
	one, err := l.q.server.broker.Queue(in.host, in.name(at))
	if err != nil {
		return nil
	}
	return l.q.plainQueue(&one)
}

// key orders by what queues count, and by the rates of that. A column that is the same
// for all, or has no order, leaves them as they are.
func (l *queueList) key(column string) func(i int) sortKey {
	head, _, _ := strings.Cut(column, ".")
	key := queueKey(column)
	switch {
	case column == "" || column == "name" || rowsOnly(head):
		return nil
	case column == "vhost":
		key = func(in *queuesIn, _ int) sortKey { return sortKey{text: in.host} }
	case key == nil:
		key = func(*queuesIn, int) sortKey { return sortKey{} }
	}
	return func(i int) sortKey {
		in, at := l.at(i)
		return key(in, at)
	}
}

// rowsOnly says that a column differs between queues and is known only when the whole
// row is.
func rowsOnly(column string) bool {
	return contains([]string{"owner_pid_details", "exclusive_consumer_tag", "single_active_consumer_tag", "leader",
		"effective_policy_definition", "backing_queue_status"}, column)
}

// light makes rows of counts alone, if that is all that is wanted.
func (l *queueList) light(columns []string) func(i int) object {
	only := headsOf(columns)
	if len(l.in) == 0 || l.in[0].now == nil || !only.light() {
		return nil
	}
	return func(i int) object {
		in, at := l.at(i)
		return l.q.countsRow(in.host, &in.now.counts[at], &l.spans, only)
	}
}

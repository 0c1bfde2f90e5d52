package metrics

import (
	"regexp"
	"slices"

	"github.com/lepusmq/lepus/broker/stats"
)

// each tells of each object of some kinds: of those of which there is something to
// tell.
type each struct {
	from   Source
	page   *page
	prefix string
	hosts  []string       // whose objects
	named  *regexp.Regexp // only queues that are called like this; nil: all

	info        bool // about queues
	queues      []metric[stats.QueueCounts]
	exchanges   []metric[stats.Messages]
	passages    []metric[stats.Passage]
	channels    []metric[stats.Channel]
	outlets     []metric[stats.Part] // of a channel to an exchange
	dealings    []metric[stats.Part] // of a channel with a queue
	connections []metric[stats.Connection]
}

// The labels of objects.
func queueLabels() []string     { return []string{"vhost", "queue"} }
func queueInfoLabels() []string { return []string{"vhost", "queue", "queue_type", "membership"} }
func exchangeLabels() []string  { return []string{"vhost", "exchange"} }
func passageLabels() []string   { return []string{"vhost", "exchange", "queue"} }
func outletLabels() []string    { return []string{"channel", "vhost", "exchange"} }
func dealingLabels() []string   { return []string{"channel", "vhost", "queue"} }

// tell tells of all of them. What has gone meanwhile is left out.
func (e *each) tell() {
	if e.info || e.queues != nil {
		e.tellQueues()
	}
	if e.exchanges != nil {
		e.tellExchanges()
	}
	if e.passages != nil {
		e.tellPassages()
	}
	if e.channels != nil {
		t := table[stats.Channel]{prefix: e.prefix, labels: []string{"channel"}, metrics: e.channels}
		for _, c := range e.from.Channels() {
			if slices.Contains(e.hosts, c.VHost) {
				t.add(&c, c.Name)
			}
		}
		t.tell(e.page)
	}
	if e.outlets != nil || e.dealings != nil {
		e.tellParts()
	}
	if e.connections != nil {
		t := table[stats.Connection]{prefix: e.prefix, labels: []string{"connection"}, metrics: e.connections}
		for _, c := range e.from.Connections() {
			if slices.Contains(e.hosts, c.VHost) {
				t.add(&c, c.Name)
			}
		}
		t.tell(e.page)
	}
}

func (e *each) tellQueues() {
	counts := table[stats.QueueCounts]{prefix: e.prefix, labels: queueLabels(), metrics: e.queues}
	info := e.prefix + "queue_info"
	if e.info {
		e.page.family(info, gauge, "What the queue is")
	}
	var labels []byte
	for _, host := range e.hosts {
		_ = e.from.EachQueue(host, func(q *stats.QueueCounts) {
			if e.named != nil && !e.named.MatchString(q.Name) {
				return
			}
			if e.queues != nil {
				counts.add(q, host, q.Name)
			}
			if e.info { // told at once, and not kept
				labels = appendLabels(labels[:0], queueInfoLabels(), []string{host, q.Name, queueType(q), "leader"})
				e.page.sample(info, labels, 1)
			}
		})
	}
	counts.tell(e.page)
}

// queueType is RabbitMQ's name for the type of a queue.
func queueType(q *stats.QueueCounts) string { return "rabbit_" + q.Type + "_queue" }

func (e *each) tellExchanges() {
	t := table[stats.Messages]{prefix: e.prefix, labels: exchangeLabels(), metrics: e.exchanges}
	for _, host := range e.hosts {
		eachExchange(e.from, host, func(x *stats.Exchange) {
			m := x.Messages
			m.Publish = m.PublishIn
			t.add(&m, host, x.Name)
		})
	}
	t.tell(e.page)
}

func (e *each) tellPassages() {
	t := table[stats.Passage]{prefix: e.prefix, labels: passageLabels(), metrics: e.passages}
	for _, host := range e.hosts {
		_ = e.from.EachPassage(host, func(p *stats.Passage) {
			if e.named == nil || e.named.MatchString(p.Queue) {
				t.add(p, host, p.Exchange, p.Queue)
			}
		})
	}
	t.tell(e.page)
}

// tellParts tells what channels have counted for each exchange and each queue.
func (e *each) tellParts() {
	outlets := table[stats.Part]{prefix: e.prefix, labels: outletLabels(), metrics: e.outlets}
	dealings := table[stats.Part]{prefix: e.prefix, labels: dealingLabels(), metrics: e.dealings}
	parts := e.from.Breakdown(func(p *stats.Part) bool { return slices.Contains(e.hosts, p.VHost) })
	for i := range parts {
		if p := &parts[i]; p.OfQueue {
			dealings.add(p, p.Channel, p.VHost, p.Queue)
		} else {
			outlets.add(p, p.Channel, p.VHost, p.Exchange)
		}
	}
	outlets.tell(e.page)
	dealings.tell(e.page)
}

// eachExchange calls f for the exchanges of a virtual host.
func eachExchange(from Source, host string, f func(*stats.Exchange)) {
	names, _ := from.ExchangeNames(host) // none if it has gone
	for _, name := range names {
		if x, err := from.Exchange(host, name); err == nil {
			f(&x)
		}
	}
}

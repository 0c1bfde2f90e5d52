package management

import (
	"cmp"
	"slices"
	"time"

	"github.com/lepusmq/lepus/broker/stats"
)

// maxParts is how many rows the incoming, outgoing, deliveries and publishes of an
// object have at most: those with the largest counts.
const maxParts = 500

// maxWatched is how many parts have rates at a time.
const maxWatched = 10_000

// part is a row of what an object's counts are made of.
type part struct {
	place   place
	of      object // which exchange, queue or channel it is of
	names   []string
	message stats.Messages
}

func passagePart(p *stats.Passage, of object) part {
	return part{
		place: place{parts, p.VHost, p.Exchange + "\x00" + p.Queue}, of: of,
		names: []string{"publish"}, message: stats.Messages{Publish: p.Publish},
	}
}

func exchangeIn(host, name string) object {
	return object{"exchange": object{"vhost": host, "name": name}}
}
func queueIn(host, name string) object { return object{"queue": object{"vhost": host, "name": name}} }

func channelPart(p *stats.Part, of object) part {
	one := part{
		place: place{parts, p.VHost, p.Channel + "\x00x" + p.Exchange}, of: of, message: p.Messages,
		names: []string{"publish", "return_unroutable", "drop_unroutable"},
	}
	if p.OfQueue {
		one.place.name = p.Channel + "\x00q" + p.Queue
		one.names = []string{"deliver", "deliver_no_ack", "get", "get_no_ack", "get_empty", "deliver_get", "redeliver", "ack"}
	}
	return one
}

func channelOf(p *stats.Part) object {
	peerHost, peerPort := peerOf(p.ConnectionName)
	return object{"channel_details": object{
		"name": p.Channel, "number": p.Number, "user": p.User, "connection_name": p.ConnectionName,
		"peer_host": peerHost, "peer_port": peerPort,
	}}
}

// partRows shows parts with their rates; those in which nothing was counted are none.
func (q *request) partRows(all []part) []object {
	slices.SortStableFunc(all, func(a, b part) int { return cmp.Compare(b.weight(), a.weight()) })
	shown := []object{}
	for i := range all[:min(len(all), maxParts)] {
		p := &all[i]
		now := messageSample(0, 0, &p.message)
		h := q.server.sampler.watch(p.place, point{time.Now().UnixMilli(), now})
		if m := h.messageStats(p.names, now, span{}); m != nil {
			p.of["stats"] = m
			shown = append(shown, p.of)
		}
	}
	return shown
}

func (p *part) weight() uint64 { return p.message.Publish + p.message.DeliverGet() }

// channelParts are the parts of channels that are wanted; of tells one from another.
func (q *request) channelParts(wanted func(*stats.Part) bool, of func(*stats.Part) object) []object {
	var all []part
	found := q.server.broker.Breakdown(wanted)
	for i := range found {
		all = append(all, channelPart(&found[i], of(&found[i])))
	}
	return q.partRows(all)
}

// addQueueParts shows what has brought messages to a queue, and who was given them.
func (q *request) addQueueParts(row object, host, name string) {
	var all []part
	came, _ := q.server.broker.Passages(host, "", name) // an error is that the virtual host was deleted meanwhile
	for i := range came {
		all = append(all, passagePart(&came[i], exchangeIn(host, came[i].Exchange)))
	}
	row["incoming"] = q.partRows(all)
	row["deliveries"] = q.channelParts(func(p *stats.Part) bool {
		return p.OfQueue && p.Queue == name && p.VHost == host
	}, channelOf)
}

// addExchangeParts shows who has published to an exchange, and where that went.
func (q *request) addExchangeParts(row object, host, name string) {
	row["incoming"] = q.channelParts(func(p *stats.Part) bool {
		return !p.OfQueue && p.Exchange == name && p.VHost == host
	}, channelOf)
	var all []part
	went, _ := q.server.broker.Passages(host, name, "") // as above
	for i := range went {
		all = append(all, passagePart(&went[i], queueIn(host, went[i].Queue)))
	}
	row["outgoing"] = q.partRows(all)
}

// addChannelParts shows where a channel has published, and what it was given.
func (q *request) addChannelParts(row object, c *stats.Channel) {
	mine := func(p *stats.Part) bool { return p.Connection == c.Connection && p.Number == c.Number }
	row["publishes"] = q.channelParts(func(p *stats.Part) bool { return mine(p) && !p.OfQueue },
		func(p *stats.Part) object { return exchangeIn(p.VHost, p.Exchange) })
	row["deliveries"] = q.channelParts(func(p *stats.Part) bool { return mine(p) && p.OfQueue },
		func(p *stats.Part) object { return queueIn(p.VHost, p.Queue) })
}

// watch takes a sample of a part that somebody looks at, if it is time for one, and
// returns its past. Nobody else takes samples of parts: rates come when somebody looks
// again.
func (s *sampler) watch(p place, now point) history {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.off {
		return history{}
	}
	one := s.all[parts][p]
	if one == nil {
		if len(s.all[parts]) >= maxWatched {
			return history{}
		}
		one = &series{}
		s.all[parts][p] = one
	}
	if now.at-one.last.at >= s.interval.Milliseconds() {
		one.add(now)
	}
	return history{prev: one.prev, last: one.last}
}

// forgetParts lets go of parts at which nobody looks any more.
func (s *sampler) forgetParts(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, one := range s.all[parts] {
		if now-one.last.at > askedFor.Milliseconds() {
			delete(s.all[parts], p)
		}
	}
}

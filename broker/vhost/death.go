package vhost

import (
	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// The headers in which a message that died carries its history, as RabbitMQ
// writes them.
const (
	deathHeader = "x-death"
	firstDeath  = "x-first-death-"
	lastDeath   = "x-last-death-"
)

// death is what became of a message in a queue.
type death struct {
	queue    string
	reason   queue.Reason
	time     int64        // seconds since 1970
	exchange string       // where the message had been published to
	keys     []amqp.Value // its routing keys, but those of BCC
	// expiration is what the message had said itself; nil if it had not.
	expiration []byte
}

// origin is whose the history in the headers of a message is.
type origin uint8

const (
	nobodys origin = iota // what looks like one does not count, and is replaced
	brokers
	clients
)

// note enters the death into the headers of the message, and returns them in
// the order of their keys, and the history, newest first. The headers may be
// changed. from says whose the history in them is.
func (d *death) note(headers amqp.Table, from origin) (amqp.Table, []amqp.Value) {
	var before []amqp.Value
	if from != nobodys {
		v, _ := headers.Get(deathHeader)
		before, _ = v.Array()
	}
	if from == clients {
		before = grouped(before)
	}
	last := [...]amqp.Field{
		{Key: "exchange", Value: amqp.String(d.exchange)},
		{Key: "queue", Value: amqp.String(d.queue)},
		{Key: "reason", Value: amqp.String(d.reason.String())},
	}
	for _, f := range last {
		if len(before) == 0 {
			headers = headers.With(firstDeath+f.Key, f.Value)
		}
		headers = headers.With(lastDeath+f.Key, f.Value)
	}
	history := d.history(before)
	headers = headers.With(deathHeader, amqp.Array(history...))
	headers.Sort()
	return headers, history
}

// grouped returns a history that a client published with one entry for each
// queue and reason. One that has not been counted is as often as it is there:
// RabbitMQ before 3.6 wrote an entry for each death.
func grouped(history []amqp.Value) []amqp.Value {
	type cause struct{ queue, reason string }
	first, times := map[cause]int{}, []int64{}
	var groups []amqp.Table
	for _, v := range history {
		entry, ok := v.Table()
		if !ok {
			continue
		}
		c := cause{textOf(entry, "queue"), textOf(entry, "reason")}
		at, seen := first[c]
		if !seen {
			at = len(groups)
			first[c] = at
			groups, times = append(groups, entry), append(times, 0)
		}
		times[at]++
	}
	result := make([]amqp.Value, len(groups))
	for i, entry := range groups {
		if _, counted := entry.Get("count"); !counted {
			entry = append(amqp.Table{}, entry...).With("count", amqp.Int64(times[i]))
		}
		result[i] = amqp.TableValue(entry)
	}
	return result
}

// history returns the history with this death, which comes first. It has one
// entry for each queue and reason, with how often that was; all else in it is of
// the first time.
func (d *death) history(before []amqp.Value) []amqp.Value {
	history := make([]amqp.Value, 1, len(before)+1)
	for _, v := range before {
		entry, _ := v.Table()
		if textOf(entry, "queue") != d.queue || textOf(entry, "reason") != d.reason.String() {
			history = append(history, v)
			continue
		}
		count, _ := entry.Get("count")
		n, _ := count.Int()
		again := append(amqp.Table{}, entry...)
		history[0] = amqp.TableValue(again.With("count", amqp.Int64(n+1)))
	}
	if history[0].IsVoid() {
		history[0] = amqp.TableValue(d.entry())
	}
	return history
}

// entry is the entry of a queue and reason that come for the first time.
func (d *death) entry() amqp.Table {
	entry := amqp.Table{
		{Key: "count", Value: amqp.Int64(1)},
		{Key: "reason", Value: amqp.String(d.reason.String())},
		{Key: "queue", Value: amqp.String(d.queue)},
		{Key: "time", Value: amqp.Timestamp(d.time)},
		{Key: "exchange", Value: amqp.String(d.exchange)},
		{Key: "routing-keys", Value: amqp.Array(d.keys...)},
	}
	if d.expiration != nil {
		entry = append(entry, amqp.Field{Key: "original-expiration", Value: amqp.String(string(d.expiration))})
	}
	return entry
}

// cycles reports whether a message with this history that goes to a queue would
// go round and round without anybody looking at it: it has been there before,
// and has not been rejected since.
func cycles(history []amqp.Value, to string) bool {
	for _, v := range history {
		entry, _ := v.Table()
		if textOf(entry, "reason") == queue.Rejected.String() {
			return false
		}
		if textOf(entry, "queue") == to {
			return true
		}
	}
	return false
}

// textOf is a field that is a string; "" if it is not there.
func textOf(t amqp.Table, key string) string {
	v, _ := t.Get(key)
	s, _ := v.Str()
	return s
}

package broker

import (
	"context"
	"encoding/json"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/broker/lines"
)

// watched is the events for those who watch them as lines, see
// [Broker.WatchEvents].
type watched struct{ lines.Tail }

// show adds an event, if anybody watches.
func (w *watched) show(key string, headers amqp.Table) {
	if !w.Followed() {
		return
	}
	line, err := json.Marshal(append(amqp.Table{event.Text("event", key)}, headers...))
	if err != nil {
		return // a table always has a form in JSON
	}
	_, _ = w.Write(line) // it never fails
}

// WatchEvents gives what happens from now on to each, event by event as a line of
// JSON: its key under "event", and its headers. Keys and headers are those of
// RabbitMQ's event exchange. It returns when ctx or the broker ends, or with the error
// of each. Error: lines.ErrTooMany.
func (b *Broker) WatchEvents(ctx context.Context, each func(lines []string) error) error {
	defer b.events.Watch()()
	return b.watched.Follow(ctx, each)
}

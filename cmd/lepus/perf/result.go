package perf

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Result is what a run measured.
type Result struct {
	Producers int `json:"producers"`
	Consumers int `json:"consumers"`
	Size      int `json:"size"` // octets of a body

	Sent      Flow `json:"sent"`
	Received  Flow `json:"received"`
	Confirmed Flow `json:"confirmed"`

	// Confirm is from sending a message to its confirm, Delivery to its
	// arrival at a consumer.
	Confirm  Latency `json:"confirm_latency_us"`
	Delivery Latency `json:"latency_us"`

	Nacked     int64 `json:"nacked"`
	Returned   int64 `json:"returned"`
	Blocked    int64 `json:"blocked"` // how often a producer was
	OutOfOrder int64 `json:"out_of_order"`
	Lost       int64 `json:"lost"`
	Backlog    int64 `json:"backlog"` // sent, and not received when the run ended

	Errors []string `json:"errors"`
}

// Flow is how much there was of something, and how much a second.
type Flow struct {
	Messages int64   `json:"messages"`
	Seconds  float64 `json:"seconds"`
	Rate     float64 `json:"messages_per_second"`
	Bytes    float64 `json:"bytes_per_second"` // of bodies
}

// newResult reads the meter. The times are the clock's: when the run began, and
// when all was sent and confirmed.
func newResult(o *Options, m *meter, start, sent int64) *Result {
	flow := func(messages, end int64) Flow {
		seconds := time.Duration(end - start).Seconds()
		if messages == 0 || seconds <= 0 {
			return Flow{}
		}
		rate := float64(messages) / seconds
		return Flow{Messages: messages, Seconds: seconds, Rate: rate, Bytes: rate * float64(o.Size)}
	}
	return &Result{
		Producers: o.Producers, Consumers: o.Consumers, Size: o.Size,
		Sent:       flow(m.sent.Load(), sent),
		Received:   flow(m.received.Load(), m.lastAt.Load()),
		Confirmed:  flow(m.confirmed.Load(), sent),
		Confirm:    m.confirm.all(),
		Delivery:   m.delivery.all(),
		Nacked:     m.nacked.Load(),
		Returned:   m.returned.Load(),
		Blocked:    m.blocks.Load(),
		OutOfOrder: m.disorder.Load(),
		Errors:     []string{},
	}
}

// WriteTable writes the result for people to read.
func (r *Result) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\n\tmessages\tmsg/s\tMB/s\t\n")
	for _, f := range []struct {
		name string
		Flow
	}{{"sent", r.Sent}, {"received", r.Received}, {"confirmed", r.Confirmed}} {
		fmt.Fprintf(t, "%s\t%d\t%.0f\t%.1f\t\n", f.name, f.Messages, f.Rate, f.Bytes/1e6)
	}
	// What the rows of a table have in common ends with it.
	fmt.Fprintf(t, "\n\tmin\tp50\tp75\tp95\tp99\tp99.9\tmax\t\n")
	for _, l := range []struct {
		name string
		Latency
	}{{"confirm latency, µs", r.Confirm}, {"latency, µs", r.Delivery}} {
		if l.Count == 0 {
			fmt.Fprintf(t, "%s\t-\t-\t-\t-\t-\t-\t-\t\n", l.name)
			continue
		}
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t\n",
			l.name, l.Min, l.P50, l.P75, l.P95, l.P99, l.P999, l.Max)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nerrors %d, returned %d, nacked %d, blocked %d, out of order %d, lost %d, backlog %d\n",
		len(r.Errors), r.Returned, r.Nacked, r.Blocked, r.OutOfOrder, r.Lost, r.Backlog)
	return err
}

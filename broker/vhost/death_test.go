package vhost

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// story has a message die again and again: "queue reason" each. It returns its
// headers and its history in short, newest first.
func story(headers amqp.Table, from origin, deaths ...string) (amqp.Table, string) {
	var history []amqp.Value
	for i, s := range deaths {
		d := death{exchange: fmt.Sprint("x", i), time: int64(i), keys: []amqp.Value{amqp.String(fmt.Sprint("k", i))}}
		q, reason, _ := strings.Cut(s, " ")
		for d.queue = q; d.reason.String() != reason; {
			d.reason++
		}
		if i == 0 {
			d.expiration = []byte("7")
		}
		headers, history = d.note(headers, from)
		from = brokers
	}
	var short []string
	for _, v := range history {
		entry, _ := v.Table()
		n, _ := entry.Get("count")
		short = append(short, fmt.Sprint(textOf(entry, "queue"), " ", textOf(entry, "reason"), " ", n.Text()))
	}
	return headers, strings.Join(short, ", ")
}

func TestDeathEntry(t *testing.T) {
	headers, _ := story(amqp.Table{{Key: "z", Value: amqp.Void()}, {Key: "a", Value: amqp.Void()}}, nobodys, "q expired", "r rejected", "q expired")
	first := amqp.Table{
		{Key: "count", Value: amqp.Int64(2)}, {Key: "reason", Value: amqp.String("expired")}, {Key: "queue", Value: amqp.String("q")},
		{Key: "time", Value: amqp.Timestamp(0)}, {Key: "exchange", Value: amqp.String("x0")},
		{Key: "routing-keys", Value: amqp.Array(amqp.String("k0"))}, {Key: "original-expiration", Value: amqp.String("7")},
	}
	second := amqp.Table{
		{Key: "count", Value: amqp.Int64(1)}, {Key: "reason", Value: amqp.String("rejected")}, {Key: "queue", Value: amqp.String("r")},
		{Key: "time", Value: amqp.Timestamp(1)}, {Key: "exchange", Value: amqp.String("x1")},
		{Key: "routing-keys", Value: amqp.Array(amqp.String("k1"))},
	}
	want := amqp.Table{
		{Key: "a", Value: amqp.Void()},
		{Key: "x-death", Value: amqp.Array(amqp.TableValue(first), amqp.TableValue(second))},
		{Key: "x-first-death-exchange", Value: amqp.String("x0")}, {Key: "x-first-death-queue", Value: amqp.String("q")},
		{Key: "x-first-death-reason", Value: amqp.String("expired")},
		{Key: "x-last-death-exchange", Value: amqp.String("x2")}, {Key: "x-last-death-queue", Value: amqp.String("q")},
		{Key: "x-last-death-reason", Value: amqp.String("expired")},
		{Key: "z", Value: amqp.Void()},
	}
	if !reflect.DeepEqual(headers, want) {
		t.Errorf("got  %+v\nwant %+v", headers, want)
	}
}

func TestDeathHistory(t *testing.T) {
	forged := amqp.Table{{Key: "x-first-death-queue", Value: amqp.String("forged")}, {Key: "x-death", Value: amqp.Array(
		amqp.TableValue(amqp.Table{{Key: "queue", Value: amqp.String("q")}, {Key: "reason", Value: amqp.String("rejected")}, {Key: "count", Value: amqp.Int64(9)}}),
		amqp.Int32(1))}}
	for _, tt := range []struct {
		headers amqp.Table
		deaths  []string
		want    string
	}{
		{nil, []string{"q rejected"}, "q rejected 1"},
		{nil, []string{"q rejected", "q rejected", "q rejected"}, "q rejected 3"},
		{nil, []string{"q rejected", "q expired", "q rejected"}, "q rejected 2, q expired 1"},
		{nil, []string{"q maxlen", "r delivery_limit", "s expired", "r delivery_limit"}, "r delivery_limit 2, s expired 1, q maxlen 1"},
		{forged, []string{"q rejected", "q rejected"}, "q rejected 2"},
		{amqp.Table{{Key: "x-death", Value: amqp.String("no history")}}, []string{"q rejected"}, "q rejected 1"},
	} {
		headers, got := story(tt.headers, nobodys, tt.deaths...)
		first, _, _ := strings.Cut(tt.deaths[0], " ")
		if got != tt.want || textOf(headers, "x-first-death-queue") != first {
			t.Errorf("%q: history %q, want %q, headers %+v", tt.deaths, got, tt.want, headers)
		}
	}
}

func TestCycles(t *testing.T) {
	for _, tt := range []struct {
		deaths []string
		to     string
		want   bool
	}{
		{[]string{"q expired"}, "q", true},
		{[]string{"q expired"}, "r", false},
		{[]string{"q expired", "r expired"}, "q", true},
		{[]string{"q rejected", "r expired"}, "q", false},
		{[]string{"q expired", "r rejected", "s expired"}, "q", false},
		{[]string{"r rejected", "q expired", "s maxlen"}, "q", true},
		{[]string{"q rejected", "q expired"}, "q", true},
	} {
		var d death
		var history []amqp.Value
		for _, s := range tt.deaths {
			q, reason, _ := strings.Cut(s, " ")
			for d = (death{queue: q}); d.reason.String() != reason; {
				d.reason++
			}
			history = d.history(history)
		}
		if got := cycles(history, tt.to); got != tt.want {
			t.Errorf("after %q to %q: %v", tt.deaths, tt.to, got)
		}
	}
}

// The names of reasons are what clients compare.
func TestReasons(t *testing.T) {
	var got []string
	for r := queue.Rejected; r <= queue.DeliveryLimit; r++ {
		got = append(got, r.String())
	}
	if want := "rejected expired maxlen delivery_limit"; strings.Join(got, " ") != want {
		t.Errorf("got %q", got)
	}
}

// Before 4.0 a history from a client counts, with what is uncounted in it.
func TestDeathHistoryOfClients(t *testing.T) {
	uncounted := func(queue string) amqp.Value {
		return amqp.TableValue(amqp.Table{{Key: "queue", Value: amqp.String(queue)}, {Key: "reason", Value: amqp.String("rejected")}})
	}
	counted := amqp.TableValue(amqp.Table{
		{Key: "queue", Value: amqp.String("c")}, {Key: "reason", Value: amqp.String("rejected")}, {Key: "count", Value: amqp.Int64(7)},
	})
	for _, tt := range []struct {
		history []amqp.Value
		want    string
	}{
		{nil, "q rejected 1"},
		{[]amqp.Value{uncounted("a"), uncounted("b"), uncounted("a"), counted}, "q rejected 1, a rejected 2, b rejected 1, c rejected 7"},
		{[]amqp.Value{uncounted("a"), uncounted("q"), uncounted("q"), amqp.Int32(1)}, "q rejected 3, a rejected 1"},
	} {
		headers := amqp.Table{{Key: "x-death", Value: amqp.Array(tt.history...)}}
		if _, got := story(headers, clients, "q rejected"); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

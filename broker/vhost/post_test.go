package vhost

import (
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

func (f *fixture) post(m Post) (routed bool, err error) {
	p := make(pending, 1)
	f.Post(&m, func(ok bool, err error) { routed = ok; p <- err })
	return routed, f.wait(p)
}

func (f *fixture) fetch(want Fetch) (got []Fetched, err error) {
	p := make(pending, 1)
	f.Fetch(want, func(all []Fetched, err error) { got = all; p <- err })
	return got, f.wait(p)
}

func TestPostAndFetch(t *testing.T) {
	f := newFixture(t)
	f.queue("q")
	persistent := amqp.Properties{Flags: amqp.HasDeliveryMode | amqp.HasHeaders, DeliveryMode: amqp.Persistent,
		Headers: amqp.Table{{Key: "h", Value: amqp.Int64(1)}, {Key: amqp.BlindCopyHeader, Value: amqp.Array()}}}
	for _, body := range []string{"one", "two", "three"} {
		if routed, err := f.post(Post{Key: "q", Properties: persistent, Body: []byte(body)}); err != nil || !routed {
			t.Fatalf("post: %v, %v", routed, err)
		}
	}
	if routed, err := f.post(Post{Key: "nowhere"}); err != nil || routed {
		t.Errorf("a message to nobody: routed %v, %v", routed, err)
	}

	got, err := f.fetch(Fetch{Queue: "q", Max: 2, MaxBytes: 1 << 20})
	if err != nil || len(got) != 2 || string(got[0].Body) != "one" || string(got[1].Body) != "two" || got[1].Left != 1 {
		t.Fatalf("fetched %+v, %v", got, err)
	}
	if got[0].Key != "q" || got[0].Exchange != "" || got[0].Redelivered || len(got[0].Properties.Headers) != 1 {
		t.Errorf("the first is %+v", got[0])
	}
	got, _ = f.fetch(Fetch{Queue: "q", Max: 9, MaxBytes: 4, Ack: true})
	if len(got) != 2 || !got[0].Redelivered {
		t.Errorf("fetched until it was enough: %+v", got)
	}
	got, _ = f.fetch(Fetch{Queue: "q", Max: 9, MaxBytes: 4, Drop: true})
	if len(got) != 1 || string(got[0].Body) != "three" {
		t.Errorf("what was acked came again: %+v", got)
	}
	if got, err = f.fetch(Fetch{Queue: "q", Max: 1, MaxBytes: 1}); err != nil || len(got) != 0 {
		t.Errorf("an empty queue gave %+v, %v", got, err)
	}
}

func TestPostIsRefused(t *testing.T) {
	f := newFixture(t)
	for name, m := range map[string]Post{
		"no exchange": {Exchange: "none"},
		"bad mode":    {Properties: amqp.Properties{Flags: amqp.HasDeliveryMode, DeliveryMode: 3}},
		"expiration":  {Properties: amqp.Properties{Flags: amqp.HasExpiration, Expiration: "x"}},
	} {
		if _, err := f.post(m); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := f.fetch(Fetch{Queue: "none", Max: 1}); err == nil {
		t.Error("a queue that is not there was looked into")
	}
}

func TestPostToQueueThatIsFull(t *testing.T) {
	f := newFixture(t)
	args := amqp.Table{{Key: "x-max-length", Value: amqp.Int64(1)}, {Key: "x-overflow", Value: amqp.String("reject-publish")}}
	if _, err := f.declare(me, QueueSpec{Name: "q", Arguments: args}); err != nil {
		t.Fatal(err)
	}
	first, _ := f.post(Post{Key: "q"})
	if second, _ := f.post(Post{Key: "q"}); !first || second {
		t.Errorf("taken: %v, then %v", first, second)
	}
}

func TestPostIsRemembered(t *testing.T) {
	f := newFixture(t)
	f.queue("q")
	if err := f.exchange(ExchangeSpec{Name: "x", Type: "x-message-deduplication",
		Arguments: amqp.Table{{Key: "x-cache-size", Value: amqp.Int64(10)}}}); err != nil {
		t.Fatal(err)
	}
	bound := make(pending, 1)
	f.Bind(me, Binding{Source: "x", Destination: "q", Key: ""}, func(err error) { bound <- err })
	if err := f.wait(bound); err != nil {
		t.Fatal(err)
	}
	once := Post{Exchange: "x", Properties: amqp.Properties{Flags: amqp.HasHeaders,
		Headers: amqp.Table{{Key: "x-deduplication-header", Value: amqp.String("1")}}}}
	for range 2 {
		if routed, err := f.post(once); err != nil || !routed {
			t.Fatalf("post: %v, %v", routed, err)
		}
	}
	if got, _ := f.fetch(Fetch{Queue: "q", Max: 9, MaxBytes: 99, Ack: true}); len(got) != 1 {
		t.Errorf("%d messages of one", len(got))
	}
}

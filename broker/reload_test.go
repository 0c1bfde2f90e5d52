package broker_test

import (
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/vhost"
)

// What is bounded by size or time counts at once, what is offered to clients for
// those who come then.
func TestReloadedLimitsOfSessions(t *testing.T) {
	f := brokertest.Start(t)
	before := dial(t, f.URL)
	change := broker.Config{
		MaxMessageSize: 10, Heartbeat: 7 * time.Second, FrameMax: 8192, ChannelMax: 3, ConsumerTimeout: time.Hour,
		LoopbackUsers: []string{"somebody"}, VHostDefaults: []broker.VHostDefault{{Names: "^n", MaxQueues: new(5)}},
	}
	if err := f.Broker.Reload(change); err != nil {
		t.Fatal(err)
	}
	after := dial(t, f.URL)
	if before.Config.ChannelMax == 3 || after.Config.ChannelMax != 3 || after.Config.FrameSize != 8192 || after.Config.Heartbeat != 7*time.Second {
		t.Errorf("they were offered %+v and %+v", before.Config, after.Config)
	}
	for _, conn := range []*amqp.Connection{before, after} {
		ch, err := conn.Channel()
		if err != nil {
			t.Fatal(err)
		}
		closed := ch.NotifyClose(make(chan *amqp.Error, 1))
		if err := ch.PublishWithContext(t.Context(), "", "q", false, false, amqp.Publishing{Body: []byte("as many as ten")}); err != nil {
			t.Fatal(err)
		}
		if e := await(t, closed, "the channel's end"); e.Code != amqp.PreconditionFailed || !strings.Contains(e.Reason, "message size 14 is larger than configured max size 10") {
			t.Errorf("it ended with %v", e)
		}
	}
	if err := f.Broker.AddVHost("n", vhost.Settings{}); err != nil {
		t.Fatal(err)
	}
	if s, err := f.Broker.VHostSettings("n"); err != nil || s.MaxQueues == nil || *s.MaxQueues != 5 {
		t.Errorf("a new virtual host has %+v, %v", s, err)
	}
}

package broker_test

import (
	"errors"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
)

func TestConnections(t *testing.T) {
	t.Parallel()
	f := brokertest.Start(t)
	conn, err := amqp.DialConfig(f.URL, amqp.Config{Properties: amqp.Table{"connection_name": "mine"}})
	if err != nil {
		t.Fatal(err)
	}
	gone := conn.NotifyClose(make(chan *amqp.Error, 1))
	if _, err := conn.Channel(); err != nil {
		t.Fatal(err)
	}
	all := f.Broker.Connections()
	if len(all) != 1 {
		t.Fatalf("there are %d connections", len(all))
	}
	c := all[0]
	name, _ := c.Client.Get("connection_name")
	if text, _ := name.Str(); text != "mine" || c.User != "guest" || c.VHost != "/" || c.State != "running" || c.Channels != 1 ||
		c.Peer.String() != conn.LocalAddr().String() {
		t.Errorf("the connection says %+v", c)
	}
	if c.Name != conn.LocalAddr().String()+" -> "+conn.RemoteAddr().String() || c.Mechanism != "PLAIN" || c.FrameMax == 0 || c.ChannelMax == 0 ||
		c.Heartbeat != 10*time.Second || c.TLS != nil || time.Since(c.ConnectedAt) > time.Minute ||
		c.Traffic.ReceivedBytes == 0 || c.Traffic.ReceivedPackets == 0 || c.Traffic.SentBytes == 0 || c.Traffic.SentPackets == 0 {
		t.Errorf("the connection says %+v", c)
	}
	if err := f.Broker.CloseConnection(c.ID+1, "nobody"); !errors.Is(err, broker.ErrNoConnection) {
		t.Errorf("closed a connection that is not there: %v", err)
	}
	if err := f.Broker.CloseConnection(c.ID, "because"); err != nil {
		t.Fatal(err)
	}
	if e := <-gone; e == nil || e.Code != amqp.ConnectionForced || e.Reason != "CONNECTION_FORCED - because" {
		t.Errorf("the client was told %v", e)
	}
}

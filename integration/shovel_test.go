package integration

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker/brokertest"
)

// A shovel moves on when the broker at either end is killed in the middle: all that the source had is in the destination at
// last, and nothing is in the source.
func TestShovelSurvivesKills(t *testing.T) {
	const total = 30_000
	program := buildLepus(t)
	for _, role := range []string{"destination", "source"} {
		t.Run(role, func(t *testing.T) {
			near, dir, address := brokertest.Start(t), t.TempDir(), freeAddress(t)
			far := program.start(t, dir, "--listen", address)
			farURL := "amqp://guest:guest@" + address + "/"
			source, target, value := near.URL, farURL, map[string]any{"src-uri": "amqp://", "dest-uri": farURL}
			if role == "source" {
				source, target = farURL, near.URL
				value["src-uri"], value["dest-uri"] = farURL, "amqp://"
			}
			value["src-queue"], value["dest-queue"], value["reconnect-delay"], value["src-prefetch-count"] = "from", "to", 1, 500
			publishNumbers(t, source, "from", total)
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			if err := near.Broker.SetParameter("shovel", "/", "s", text); err != nil {
				t.Fatal(err)
			}
			forwarded := func() uint64 {
				all, err := near.Broker.Shovels("/")
				if err != nil || len(all) != 1 {
					t.Fatalf("the shovels are %v, %v", all, err)
				}
				return all[0].Forwarded
			}
			for range 3 {
				before := forwarded()
				eventually(t, func() bool { n := forwarded(); return n >= before+total/10 || n >= total }, func() string {
					return fmt.Sprintf("%d are moved", forwarded())
				})
				far.kill()
				far = program.start(t, dir, "--listen", address)
			}
			from := connect(t, source).channel()
			eventually(t, func() bool {
				all, err := near.Broker.Shovels("/")
				ready, _ := from.inspect("from")
				return err == nil && all[0].State == "running" && all[0].Pending == 0 && ready == 0
			}, func() string { return fmt.Sprintf("%d are moved", forwarded()) })
			seen := map[string]bool{}
			for _, body := range connect(t, target).channel().drain("to") {
				seen[body] = true
			}
			if len(seen) != total {
				t.Errorf("%d of %d have arrived", len(seen), total)
			}
		})
	}
}

// publishNumbers publishes messages with the bodies 0 to n-1 and returns when they are confirmed.
func publishNumbers(t *testing.T, url, queue string, n int) {
	t.Helper()
	c := connect(t, url).channel()
	_, err := c.QueueDeclare(queue, true, false, false, false, nil)
	c.must(err)
	c.must(c.Confirm(false))
	confirms := c.NotifyPublish(make(chan amqp.Confirmation, n))
	for i := range n {
		c.send("", queue, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(strconv.Itoa(i))})
	}
	for range n {
		if !receive(t, confirms, "confirm").Ack {
			t.Fatal("a message is refused")
		}
	}
}

// freeAddress is one at which nobody listens at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

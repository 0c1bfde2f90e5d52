package broker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/parameter"
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
)

// fill publishes n persistent messages to a queue, which it makes, and returns
// when they are confirmed. Their bodies are their numbers.
func fill(t *testing.T, url, queue string, n int) {
	t.Helper()
	ch := channel(t, url)
	if _, err := ch.QueueDeclare(queue, true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := ch.Confirm(false); err != nil {
		t.Fatal(err)
	}
	confirms := ch.NotifyPublish(make(chan amqp.Confirmation, n))
	for i := range n {
		m := amqp.Publishing{DeliveryMode: amqp.Persistent, Body: fmt.Append(nil, i), MessageId: fmt.Sprint(i)}
		if err := ch.PublishWithContext(t.Context(), "", queue, false, false, m); err != nil {
			t.Fatal(err)
		}
	}
	for range n {
		if c := await(t, confirms, "confirm"); !c.Ack {
			t.Fatal("not confirmed")
		}
	}
}

func channel(t *testing.T, url string) *amqp.Channel {
	t.Helper()
	ch, err := dial(t, url).Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// drain takes all that is in a queue.
func drain(t *testing.T, url, queue string) []amqp.Delivery {
	t.Helper()
	ch := channel(t, url)
	var all []amqp.Delivery
	for {
		d, ok, err := ch.Get(queue, true)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return all
		}
		all = append(all, d)
	}
}

// until waits for something that is looked at now and then.
func until(t *testing.T, what string, true func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !true(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("it has not happened: %s", what)
		}
	}
}

func setShovel(t *testing.T, b *broker.Broker, name string, value map[string]any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.SetParameter("shovel", "/", name, text); err != nil {
		t.Fatal(err)
	}
}

func shovelsOf(t *testing.T, b *broker.Broker) []stats.Shovel {
	t.Helper()
	all, err := b.Shovels("")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func awaitEnd(t *testing.T, b *broker.Broker) {
	t.Helper()
	until(t, "the shovel ends", func() bool { return len(shovelsOf(t, b)) == 0 })
	if all, err := b.Parameters("shovel", "/"); err != nil || len(all) != 0 {
		t.Errorf("a shovel that has finished leaves %v, %v", all, err)
	}
}

// Neither more nor less than was asked for, in order, and what stays is untouched.
func TestShovelMovesExactly(t *testing.T) {
	const total = 3000
	for _, mode := range []string{"on-confirm", "on-publish", "no-ack"} {
		for _, c := range []struct {
			after    any
			prefetch int
			want     int
		}{
			{"queue-length", 1000, total}, {1234, 100, 1234}, {50, 1000, 50}, {1, 1, 1}, {0, 10, 0},
		} {
			t.Run(fmt.Sprintf("%s/%v", mode, c.after), func(t *testing.T) {
				f := brokertest.Start(t)
				fill(t, f.URL, "from", total)
				setShovel(t, f.Broker, "s", map[string]any{
					"src-uri": "amqp://", "src-queue": "from", "src-delete-after": c.after, "src-prefetch-count": c.prefetch,
					"dest-uri": []string{"amqp://"}, "dest-queue": "to", "ack-mode": mode,
				})
				awaitEnd(t, f.Broker)
				moved, left := drain(t, f.URL, "to"), drain(t, f.URL, "from")
				if len(moved) != c.want || len(left) != total-c.want {
					t.Fatalf("%d were moved, %d are left", len(moved), len(left))
				}
				for i, d := range append(moved, left...) {
					if string(d.Body) != fmt.Sprint(i) || d.MessageId != fmt.Sprint(i) || d.DeliveryMode != amqp.Persistent || d.Redelivered {
						t.Fatalf("message %d is %q, redelivered: %v", i, d.Body, d.Redelivered)
					}
				}
			})
		}
	}
}

func TestShovelMovesOnAndOn(t *testing.T) {
	f := brokertest.Start(t)
	ch := channel(t, f.URL)
	if _, err := ch.QueueDeclare("to", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if err := ch.QueueBind("to", "k.*", "amq.topic", false, nil); err != nil {
		t.Fatal(err)
	}
	setShovel(t, f.Broker, "s", map[string]any{
		"src-uri": "amqp://", "src-exchange": "amq.fanout",
		"dest-uri": "amqp://", "dest-exchange": "amq.topic",
	})
	running := func() bool {
		all := shovelsOf(t, f.Broker)
		return len(all) == 1 && all[0].State == stats.ShovelRunning
	}
	until(t, "the shovel runs", running)
	for _, key := range []string{"k.a", "k.b"} {
		if err := ch.PublishWithContext(t.Context(), "amq.fanout", key, false, false, amqp.Publishing{}); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "two messages are moved", func() bool { return shovelsOf(t, f.Broker)[0].Forwarded == 2 })
	if all := drain(t, f.URL, "to"); len(all) != 2 || all[0].RoutingKey != "k.a" || all[1].Exchange != "amq.topic" {
		t.Errorf("got %v", all)
	}
	if err := f.Broker.RestartShovel("/", "s"); err != nil {
		t.Fatal(err)
	}
	until(t, "the shovel runs again", func() bool { return running() && shovelsOf(t, f.Broker)[0].Forwarded == 0 })
	if err := f.Broker.ClearParameter("shovel", "/", "s"); err != nil {
		t.Fatal(err)
	}
	until(t, "the shovel's connections have gone", func() bool { return len(f.Broker.Connections()) == 2 })
	if err := f.Broker.RestartShovel("/", "s"); !errors.Is(err, broker.ErrNoShovel) {
		t.Errorf("a shovel that has ended is restarted: %v", err)
	}
}

// The headers are those of RabbitMQ 3.10.
func TestShovelSaysWhereAMessageHasBeen(t *testing.T) {
	f := brokertest.Start(t, func(c *broker.Config) { c.ClusterName = "hares" })
	fill(t, f.URL, "from", 1)
	for _, name := range []string{"one", "two"} {
		value := map[string]any{
			"src-uri": "amqp://guest:guest@/%2f", "src-queue": "from", "src-delete-after": "queue-length",
			"dest-uri": "amqp:///", "dest-queue": "to", "dest-add-forward-headers": true, "dest-add-timestamp-header": true,
			"dest-publish-properties": map[string]any{"app_id": "z", "delivery_mode": 1},
		}
		if name == "two" {
			value["src-queue"], value["dest-queue"] = "to", "from"
		}
		setShovel(t, f.Broker, name, value)
		awaitEnd(t, f.Broker)
	}
	all := drain(t, f.URL, "from")
	if len(all) != 1 || all[0].AppId != "z" || all[0].DeliveryMode != amqp.Transient || all[0].MessageId != "0" {
		t.Fatalf("got %+v", all)
	}
	if at, ok := all[0].Headers["x-shovelled-timestamp"].(int64); !ok || time.Since(time.Unix(at, 0)) > time.Minute {
		t.Errorf("the time is %v", all[0].Headers["x-shovelled-timestamp"])
	}
	been, _ := all[0].Headers["x-shovelled"].([]any)
	want := []string{
		"map[dest-queue:from dest-uri:amqp:/// shovel-name:two shovel-type:dynamic shovel-vhost:/ shovelled-by:hares src-queue:to src-uri:amqp:///%2f]",
		"map[dest-queue:to dest-uri:amqp:/// shovel-name:one shovel-type:dynamic shovel-vhost:/ shovelled-by:hares src-queue:from src-uri:amqp:///%2f]",
	}
	if len(been) != 2 || fmt.Sprint(been[0]) != want[0] || fmt.Sprint(been[1]) != want[1] {
		t.Errorf("the message says it has been at %v", been)
	}
}

// Whatever is restarted in the middle, each message arrives.
func TestShovelLosesNothing(t *testing.T) {
	const total = 20_000
	for _, end := range []string{"destination", "source"} {
		t.Run(end, func(t *testing.T) {
			dir := t.TempDir()
			far := brokertest.Start(t, func(c *broker.Config) { c.DataDir = dir })
			address, farURL := far.Broker.Addr().String(), far.URL
			near := brokertest.Start(t)
			value := map[string]any{"src-queue": "from", "dest-queue": "to", "reconnect-delay": 1, "src-prefetch-count": 200}
			source := near.URL
			if end == "source" {
				value["src-uri"], value["dest-uri"], source = farURL, "amqp://", farURL
			} else {
				value["src-uri"], value["dest-uri"] = "amqp://", farURL
			}
			fill(t, source, "from", total)
			setShovel(t, near.Broker, "s", value)
			until(t, "some are moved", func() bool { return shovelsOf(t, near.Broker)[0].Forwarded > total/20 })
			if err := far.Broker.Shutdown(context.Background()); err != nil {
				t.Fatal(err)
			}
			until(t, "the shovel has noticed", func() bool { return shovelsOf(t, near.Broker)[0].State == stats.ShovelTerminated })
			if s := shovelsOf(t, near.Broker)[0]; s.Reason == "" || s.Forwarded >= total {
				t.Fatalf("it says %+v", s)
			}
			brokertest.Start(t, func(c *broker.Config) { c.DataDir, c.Listen = dir, []string{address} })
			until(t, "the rest is moved", func() bool { return shovelsOf(t, near.Broker)[0].Forwarded >= total })
			target := near.URL
			if end == "destination" {
				target = farURL
			}
			seen := map[string]bool{}
			for _, d := range drain(t, target, "to") {
				seen[string(d.Body)] = true
			}
			if len(seen) != total {
				t.Errorf("%d of %d have arrived", len(seen), total)
			}
		})
	}
}

func TestShovelOfAQueueThatSomebodyElseEmptiesEnds(t *testing.T) {
	f := brokertest.Start(t)
	fill(t, f.URL, "from", 20)
	ch := channel(t, f.URL)
	if err := ch.Qos(10, 0, false); err != nil {
		t.Fatal(err)
	}
	theirs, err := ch.Consume("from", "", false, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	var last amqp.Delivery
	for range 10 {
		last = await(t, theirs, "a message")
	}
	if err := last.Nack(true, true); err != nil {
		t.Fatal(err)
	}
	// There are twenty again, of which ten go back to the other consumer sooner or later.
	for range 10 {
		last = await(t, theirs, "a message")
	}
	setShovel(t, f.Broker, "s", map[string]any{
		"src-uri": "amqp://", "src-queue": "from", "src-delete-after": 15, "dest-uri": "amqp://", "dest-queue": "to",
	})
	until(t, "ten are moved", func() bool { return shovelsOf(t, f.Broker)[0].Pending+shovelsOf(t, f.Broker)[0].Forwarded == 10 })
	if err := last.Nack(true, true); err != nil {
		t.Fatal(err)
	}
	if err := ch.Close(); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, f.Broker)
	if moved, left := drain(t, f.URL, "to"), drain(t, f.URL, "from"); len(moved) != 15 || len(left) != 5 {
		t.Errorf("%d were moved, %d are left", len(moved), len(left))
	}
}

func TestShovelKeepsWhatItsDestinationRefuses(t *testing.T) {
	f := brokertest.Start(t)
	fill(t, f.URL, "from", 10)
	ch := channel(t, f.URL)
	full := amqp.Table{"x-max-length": 4, "x-overflow": "reject-publish"}
	if _, err := ch.QueueDeclare("to", true, false, false, false, full); err != nil {
		t.Fatal(err)
	}
	setShovel(t, f.Broker, "s", map[string]any{
		"src-uri": "amqp://", "src-queue": "from", "dest-uri": "amqp://", "dest-queue": "to", "reconnect-delay": 0,
	})
	until(t, "the shovel gives up", func() bool { return shovelsOf(t, f.Broker)[0].State == stats.ShovelTerminated })
	if s := shovelsOf(t, f.Broker)[0]; !strings.Contains(s.Reason, "refused") {
		t.Errorf("its reason is %q", s.Reason)
	}
	until(t, "the rest is back", func() bool {
		q, err := ch.QueueDeclarePassive("from", true, false, false, false, nil)
		return err == nil && q.Messages == 6
	})
	if moved := drain(t, f.URL, "to"); len(moved) != 4 {
		t.Errorf("%d were moved", len(moved))
	}
}

func TestShovelsComeBackAndGoWithTheirVHost(t *testing.T) {
	dir := t.TempDir()
	onDisk := func(c *broker.Config) { c.DataDir = dir }
	f := brokertest.Start(t, onDisk)
	if err := f.Broker.AddVHost("v", vhost.Settings{}); err != nil {
		t.Fatal(err)
	}
	value := json.RawMessage(`{"src-uri":"amqp:///v","src-queue":"a","dest-uri":"amqp:///v","dest-queue":"b"}`)
	if err := f.Broker.SetParameter("shovel", "v", "s", value); err != nil {
		t.Fatal(err)
	}
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	g := brokertest.Start(t, onDisk)
	until(t, "the shovel runs again", func() bool {
		all := shovelsOf(t, g.Broker)
		return len(all) == 1 && all[0].State == stats.ShovelRunning
	})
	if all, err := g.Broker.Parameters("", "v"); err != nil || len(all) != 1 || string(all[0].Value) != string(value) {
		t.Errorf("the parameters are %v, %v", all, err)
	}
	if err := g.Broker.DeleteVHost("v"); err != nil {
		t.Fatal(err)
	}
	if all, err := g.Broker.Parameters("", ""); err != nil || len(all)+len(shovelsOf(t, g.Broker)) != 0 {
		t.Errorf("left are %v, %v", all, err)
	}
	until(t, "its connections have gone", func() bool { return len(g.Broker.Connections()) == 0 })
}

// Nobody uses the broker's own rights who has none.
func TestShovelsAreNoWayAroundPermissions(t *testing.T) {
	f := brokertest.Start(t)
	b := f.Broker
	u := auth.User{Name: "ann", PasswordHash: auth.HashPassword("secret"), Permissions: map[string]auth.Permission{"/": {}}}
	if err := errors.Join(b.PutUser(u), b.AddVHost("v", vhost.Settings{})); err != nil {
		t.Fatal(err)
	}
	own := func(vhost string) json.RawMessage {
		return fmt.Appendf(nil, `{"src-uri":"amqp:///%s","src-queue":"a","dest-uri":"amqp:///%%2f","dest-queue":"b"}`, vhost)
	}
	for _, host := range []string{"v", "none"} {
		want := parameter.Invalid(`user "ann" may not connect to vhost "` + host + `"`)
		if err := b.SetParameterAs("ann", "shovel", "/", "s", own(host)); !errors.Is(err, want) {
			t.Errorf("ann reaches into %s: %v", host, err)
		}
	}
	if err := b.SetParameterAs("ann", "shovel", "/", "s", own("%2f")); err != nil {
		t.Errorf("ann may use her own virtual host: %v", err)
	}
	if err := b.ClearParameter("shovel", "/", "s"); err != nil {
		t.Fatal(err)
	}
	for name, user := range map[string]string{"wrong password": "guest:wrong@", "no password": "guest@", "no rights": "ann:secret@"} {
		setShovel(t, b, name, map[string]any{
			"src-uri": "amqp://" + user + "/%2f", "src-queue": "a", "dest-uri": "amqp:///", "dest-queue": "b", "reconnect-delay": 0,
		})
	}
	until(t, "all are refused", func() bool {
		for _, s := range shovelsOf(t, b) {
			if s.State != stats.ShovelTerminated || !strings.Contains(s.Reason, "403") {
				return false
			}
		}
		return true
	})
	// Over the network nobody is the broker itself.
	for _, external := range []func(*broker.Config){
		func(*broker.Config) {},
		func(c *broker.Config) { c.Mechanisms = []string{"PLAIN", "EXTERNAL"} },
	} {
		f := brokertest.Start(t, external)
		conn, err := amqp.DialConfig(f.URL, amqp.Config{SASL: []amqp.Authentication{&amqp.ExternalAuth{}}})
		if err == nil {
			_ = conn.Close()
			t.Error("a client logs in as the broker itself")
		}
	}
}

func TestPasswordsOfShovelsAreNotShown(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	f := brokertest.Start(t, func(c *broker.Config) { c.Log = zap.New(core) })
	// The source is no broker.
	nobody := "127.0.0.1:1"
	setShovel(t, f.Broker, "s", map[string]any{
		"src-uri": []string{"amqp://ann:S3cret@" + nobody + "/v?password=S3cret"}, "src-queue": "a",
		"dest-uri": "amqp://guest:S3cret@/", "dest-queue": "b",
	})
	until(t, "the shovel fails", func() bool { return shovelsOf(t, f.Broker)[0].State == stats.ShovelTerminated })
	bad := f.Broker.SetParameter("shovel", "/", "bad", json.RawMessage(`{"src-uri":"amqp://ann:S3c%zzret@h","dest-uri":"x://a:S3cret@h","src-queue":"q"}`))
	if bad == nil || strings.Contains(bad.Error(), "S3c") {
		t.Errorf("a bad URI is refused with %v", bad)
	}
	if shown := fmt.Sprintf("%+v", shovelsOf(t, f.Broker)); strings.Contains(shown, "S3c") {
		t.Errorf("the shovel shows %s", shown)
	}
	for _, e := range logs.All() {
		if line := fmt.Sprint(e.Message, e.ContextMap()); strings.Contains(line, "S3c") {
			t.Errorf("logged: %s", line)
		}
	}
}

func TestBadShovelsAreRefusedInRabbitMQsWords(t *testing.T) {
	b := brokertest.Start(t).Broker
	const ends = `"src-uri":"amqp://","dest-uri":"amqp://h"`
	for value, want := range map[string]string{
		`{}`: "Must specify 'src-exchange' or 'src-queue'\nKey \"dest-uri\" not found in s\nKey \"src-uri\" not found in s",
		`{` + ends + `,"src-queue":"a","src-exchange":"x"}`:                        "Cannot specify 'src-exchange' and 'src-queue'",
		`{` + ends + `,"src-queue":"a","dest-queue":"a","dest-exchange":"x"}`:      "Cannot specify 'dest-exchange' and 'dest-queue'",
		`{` + ends + `,"src-queue":1}`:                                             "src-queue should be binary, actually was 1",
		`{` + ends + `,"src-queue":"a","unknown":1}`:                               "Unrecognised terms [{<<\"unknown\">>,1}] in s",
		`{` + ends + `,"src-queue":"a","reconnect-delay":-1}`:                      "reconnect-delay should be a number greater than or equal to 0, actually was -1",
		`{` + ends + `,"src-queue":"a","ack-mode":"z"}`:                            "ack-mode should be one of [<<\"no-ack\">>,<<\"on-publish\">>,<<\"on-confirm\">>], actually was <<\"z\">>",
		`{` + ends + `,"src-queue":"a","src-delete-after":"x"}`:                    "src-delete-after should be a number greater than or equal to 0, \"never\" or \"queue-length\", actually was <<\"x\">>",
		`{` + ends + `,"src-queue":"a","publish-properties":{"delivery_mode":""}}`: "delivery_mode should be a number, actually was <<>>",
		`{"src-uri":"xx://","dest-uri":5,"src-queue":"a"}`:                         "dest-uri should be list, actually was 5\n\"xx://\" not a valid URI: {{unexpected_uri_scheme,\"xx\"},\"xx://\"}",
		`{"src-uri":"xx","dest-uri":"amqp://h:99999","src-queue":"a"}`:             "\"amqp://h:99999\" not a valid URI: {{port_out_of_range,99999},\"amqp://h:99999\"}\n\"xx\" not a valid URI: {{unable_to_parse_uri,no_scheme},\"xx\"}",
	} {
		var invalid parameter.Invalid
		if err := b.SetParameter("shovel", "/", "s", json.RawMessage(value)); !errors.As(err, &invalid) || invalid != parameter.Invalid(want) {
			t.Errorf("%s\nis refused with %q,\nwant              %q", value, string(invalid), want)
		}
	}
}

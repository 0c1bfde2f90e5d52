package management

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/vhost"
)

func messageResources() []resource {
	return []resource{
		{path: "exchanges/{vhost}/{exchange}/publish", write: manager, post: publish},
		{path: "queues/{vhost}/{queue}/get", write: manager, post: fetch},
	}
}

// publish publishes a message, and says whether somebody has it.
func publish(q *request) error {
	f, err := q.fieldsWith("properties", "routing_key", "payload", "payload_encoding")
	if err != nil {
		return err
	}
	m := vhost.Post{Exchange: q.exchangeName()}
	if m.Key, err = f.text("routing_key", ""); err != nil {
		return err
	}
	if len(m.Key) > maxName || len(m.Exchange) > maxName {
		return badRequest(fmt.Sprintf("names and keys have at most %d bytes", maxName))
	}
	if m.Properties, err = f.properties("properties"); err != nil {
		return err
	}
	if m.Body, err = f.payload(); err != nil {
		return err
	}
	routed, err := q.server.broker.Publish(q.by(), q.arg("vhost"), m)
	var e *amqp.Error
	if errors.As(err, &e) {
		return badRequest(fmt.Sprintf("%d %s", e.Code, e.Error()))
	}
	if err != nil {
		return err
	}
	return q.write(http.StatusOK, object{"routed": routed})
}

// payload reads the body of a message.
func (f fields) payload() ([]byte, error) {
	payload, err := f.text("payload", "")
	if err != nil {
		return nil, err
	}
	encoding, err := f.text("payload_encoding", "")
	if err != nil {
		return nil, err
	}
	switch encoding {
	case "string":
		return []byte(payload), nil
	case "base64":
		body, err := base64.StdEncoding.DecodeString(payload)
		if err != nil {
			return nil, badRequest([]any{"not_base64", payload})
		}
		return body, nil
	}
	return nil, badRequest([]any{"unsupported_encoding", encoding})
}

// textProperty is a property that is a text, by its name.
type textProperty struct {
	name string
	flag uint16
	text *string
}

func textProperties(p *amqp.Properties) []textProperty {
	return []textProperty{
		{"content_type", amqp.HasContentType, &p.ContentType},
		{"content_encoding", amqp.HasContentEncoding, &p.ContentEncoding},
		{"correlation_id", amqp.HasCorrelationID, &p.CorrelationID},
		{"reply_to", amqp.HasReplyTo, &p.ReplyTo},
		{"expiration", amqp.HasExpiration, &p.Expiration},
		{"message_id", amqp.HasMessageID, &p.MessageID},
		{"type", amqp.HasType, &p.Type},
		{"user_id", amqp.HasUserID, &p.UserID},
		{"app_id", amqp.HasAppID, &p.AppID},
		{"cluster_id", amqp.HasClusterID, &p.ClusterID},
	}
}

// properties reads the properties of a message. Some clients send an empty array for
// none.
func (f fields) properties(key string) (p amqp.Properties, err error) {
	var in fields
	if json.Unmarshal(f[key], &in) != nil {
		if json.Unmarshal(f[key], &[]any{}) == nil {
			return p, nil
		}
		return p, badRequest([]any{"not_an_object", key})
	}
	for _, t := range textProperties(&p) {
		if in.null(t.name) {
			continue
		}
		if *t.text, err = in.text(t.name, ""); err != nil {
			return p, err
		}
		if len(*t.text) > maxName {
			return p, badRequest([]any{"too_long", t.name})
		}
		p.Flags |= t.flag
	}
	if !in.null("headers") {
		if p.Headers, err = in.table("headers"); err != nil {
			return p, err
		}
		p.Flags |= amqp.HasHeaders
	}
	return p, in.numbers(&p)
}

// numbers reads the properties that are numbers.
func (f fields) numbers(p *amqp.Properties) error {
	for _, n := range []struct {
		name string
		flag uint16
		most int64
		set  func(int64)
	}{
		{"delivery_mode", amqp.HasDeliveryMode, 255, func(n int64) { p.DeliveryMode = uint8(n) }},
		{"priority", amqp.HasPriority, 255, func(n int64) { p.Priority = uint8(n) }},
		{"timestamp", amqp.HasTimestamp, 1<<63 - 1, func(n int64) { p.Timestamp = n }},
	} {
		if f.null(n.name) {
			continue
		}
		v, err := f.integer(n.name, 0)
		if err != nil || int64(v) < 0 || int64(v) > n.most {
			return badRequest([]any{"not_int", n.name})
		}
		n.set(int64(v))
		p.Flags |= n.flag
	}
	return nil
}

const (
	// maxFetched is how many messages a client gets at once, and maxFetchedBytes
	// after how many bytes of them it is enough.
	maxFetched      = 10_000
	maxFetchedBytes = 32 << 20
)

// fetch shows the first messages of a queue, or takes them out.
func fetch(q *request) error {
	f, err := q.fields()
	if err != nil {
		return err
	}
	if !f.has("ackmode") && f.has("requeue") { // as of clients before 3.7
		f["ackmode"] = json.RawMessage(`"ack_requeue_true"`)
		if again, err := f.boolean("requeue"); err != nil || !again {
			f["ackmode"] = json.RawMessage(`"ack_requeue_false"`)
		}
	}
	var missing []string
	for _, key := range []string{"ackmode", "count", "encoding"} {
		if !f.has(key) {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		return keysMissing(missing...)
	}
	want, show, err := readFetch(q.arg("queue"), f)
	if err != nil {
		return err
	}
	got, err := q.server.broker.Fetch(q.by(), q.arg("vhost"), want)
	if err != nil {
		return fetchRefused(err)
	}
	all := make([]object, len(got))
	for i := range got {
		all[i] = show.row(&got[i])
	}
	return q.write(http.StatusOK, all)
}

func fetchRefused(err error) error {
	var e *amqp.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case amqp.AccessRefused:
		return notAuthorised(e.Error())
	case amqp.NotFound:
		return &fault{http.StatusNotFound, "not_found", e.Error()}
	}
	return badRequest(e.Error())
}

// shown is how messages are shown.
type shown struct {
	base64 bool
	most   int // bytes of a body; below 0 is all
}

func readFetch(queue string, f fields) (vhost.Fetch, shown, error) {
	want, show := vhost.Fetch{Queue: queue, MaxBytes: maxFetchedBytes}, shown{}
	var err error
	if want.Max, err = f.integer("count", 0); err != nil {
		return want, show, err
	}
	want.Max = min(want.Max, maxFetched)
	if show.most, err = f.integer("truncate", -1); err != nil {
		return want, show, err
	}
	switch mode, _ := f.text("ackmode", ""); mode {
	case "ack_requeue_true":
	case "ack_requeue_false":
		want.Ack = true
	case "reject_requeue_true":
		want.Reject = true
	case "reject_requeue_false":
		want.Drop = true
	default:
		return want, show, badRequest("Unsupported ackmode. Please use ack_requeue_true, ack_requeue_false, " +
			"reject_requeue_true or reject_requeue_false.")
	}
	switch encoding, _ := f.text("encoding", ""); encoding {
	case "auto":
	case "base64":
		show.base64 = true
	default:
		return want, show, badRequest("Unsupported encoding. Please use auto or base64.")
	}
	return want, show, nil
}

func (s shown) row(m *vhost.Fetched) object {
	body := m.Body
	if s.most >= 0 && len(body) > s.most {
		body = body[:s.most]
	}
	payload, encoding := string(body), "string"
	if s.base64 || !utf8.Valid(body) {
		payload, encoding = base64.StdEncoding.EncodeToString(body), "base64"
	}
	return object{
		"payload_bytes": len(m.Body), "redelivered": m.Redelivered, "exchange": m.Exchange, "routing_key": m.Key,
		"message_count": m.Left, "properties": propertiesOf(&m.Properties), "payload": payload, "payload_encoding": encoding,
	}
}

// propertiesOf shows the properties that a message has. None are an empty array: that
// is how RabbitMQ shows them.
func propertiesOf(p *amqp.Properties) any {
	o := object{}
	for _, t := range textProperties(p) {
		if p.Flags&t.flag != 0 {
			o[t.name] = *t.text
		}
	}
	if p.Flags&amqp.HasHeaders != 0 {
		o["headers"] = p.Headers
	}
	if p.Flags&amqp.HasDeliveryMode != 0 {
		o["delivery_mode"] = p.DeliveryMode
	}
	if p.Flags&amqp.HasPriority != 0 {
		o["priority"] = p.Priority
	}
	if p.Flags&amqp.HasTimestamp != 0 {
		o["timestamp"] = p.Timestamp
	}
	if len(o) == 0 {
		return []any{}
	}
	return o
}

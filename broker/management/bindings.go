package management

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
)

func bindingResources() []resource {
	all := []resource{
		{path: "bindings", read: manager, get: listBindings},
		{path: "bindings/{vhost}", read: manager, get: listBindings},
	}
	for letter, toExchange := range map[string]bool{"q": false, "e": true} {
		ends := bindingEnds{toExchange}
		path := "bindings/{vhost}/e/{exchange}/" + letter + "/{destination}"
		all = append(all,
			resource{path: path, read: manager, write: manager, get: ends.list, post: ends.bind},
			resource{path: path + "/{props}", read: manager, write: manager, get: ends.get, delete: ends.unbind})
	}
	return all
}

func bindingRow(b *stats.Binding) object {
	to := "queue"
	if b.ToExchange {
		to = "exchange"
	}
	return object{
		"source": b.Source, "vhost": b.VHost, "destination": b.Destination, "destination_type": to,
		"routing_key": b.RoutingKey, "arguments": b.Arguments,
		"properties_key": propertiesKey(b.RoutingKey, b.Arguments),
	}
}

func bindingRows(all []stats.Binding) list {
	return list{
		n:    len(all),
		name: func(i int) string { return all[i].Source },
		row:  func(i int) object { return bindingRow(&all[i]) },
	}
}

// propertiesKey names a binding among those with the same ends, as RabbitMQ does: by
// its routing key, and if it has arguments a hash of them. The hash is our own;
// clients use what they were told.
func propertiesKey(key string, args amqp.Table) string {
	escaped := strings.ReplaceAll(url.QueryEscape(key), "~", "%7E")
	if len(args) > 0 {
		sorted := slices.Clone(args)
		slices.SortStableFunc(sorted, func(a, b amqp.Field) int { return strings.Compare(a.Key, b.Key) })
		var sum [4]byte
		binary.BigEndian.PutUint32(sum[:], crc32.ChecksumIEEE(amqp.Table(sorted).Append(nil)))
		return escaped + "~" + base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if key == "" {
		return "~"
	}
	return escaped
}

func listBindings(q *request) error {
	var all []stats.Binding
	for _, host := range q.hosts() {
		in, _ := q.server.broker.Bindings(host) // an error is that it was deleted meanwhile
		all = append(all, in...)
	}
	return q.list(bindingRows(all))
}

// bindingEnds serves the bindings that lead from an exchange to a queue, or to
// another exchange.
type bindingEnds struct{ toExchange bool }

// destination is where the bindings lead that the path names.
func (e bindingEnds) destination(q *request) string {
	name := q.arg("destination")
	if e.toExchange && name == "amq.default" {
		return ""
	}
	return name
}

func (e bindingEnds) all(q *request) ([]stats.Binding, error) {
	var all []stats.Binding
	var err error
	if e.toExchange {
		all, err = q.server.broker.ExchangeBindings(q.arg("vhost"), e.destination(q), false)
	} else {
		all, err = q.server.broker.QueueBindings(q.arg("vhost"), e.destination(q))
	}
	if err != nil {
		return nil, notFound()
	}
	return slices.DeleteFunc(all, func(b stats.Binding) bool { return b.Source != q.exchangeName() }), nil
}

func (e bindingEnds) list(q *request) error {
	all, _ := e.all(q) // none between what is not there, as RabbitMQ says
	return q.list(bindingRows(all))
}

func (e bindingEnds) find(q *request) (*stats.Binding, error) {
	all, err := e.all(q)
	if err != nil {
		return nil, err
	}
	props := q.arg("props")
	// RabbitMQ takes a key that was escaped once, too, if that is the same.
	key, err := url.QueryUnescape(props)
	once := err == nil && !strings.Contains(props, "~")
	for i := range all {
		if propertiesKey(all[i].RoutingKey, all[i].Arguments) == props ||
			once && len(all[i].Arguments) == 0 && all[i].RoutingKey == key {
			return &all[i], nil
		}
	}
	return nil, notFound()
}

func (e bindingEnds) get(q *request) error {
	b, err := e.find(q)
	if err != nil {
		return err
	}
	return q.show(bindingRow(b))
}

func (e bindingEnds) bind(q *request) error {
	f, err := q.fields()
	if err != nil {
		return err
	}
	b := vhost.Binding{Source: q.exchangeName(), Destination: e.destination(q), ToExchange: e.toExchange}
	if b.Key, err = f.text("routing_key", ""); err != nil {
		return err
	}
	if len(b.Key) > maxName {
		return badRequest(fmt.Sprintf("routing_key is longer than %d bytes", maxName))
	}
	if b.Arguments, err = f.table("arguments"); err != nil {
		return err
	}
	if err := q.server.broker.Bind(q.by(), q.arg("vhost"), b); err != nil {
		return refused(err)
	}
	q.w.Header().Set("Location", escape(q.arg("destination"))+"/"+escape(propertiesKey(b.Key, b.Arguments)))
	q.w.WriteHeader(http.StatusCreated)
	return nil
}

// escape makes a segment of a path.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// maxName is the size of the longest name and key, in bytes.
const maxName = 255

func (e bindingEnds) unbind(q *request) error {
	b, err := e.find(q)
	if err != nil {
		return err
	}
	err = q.server.broker.Unbind(q.by(), q.arg("vhost"), vhost.Binding{
		Source: b.Source, Destination: b.Destination, ToExchange: b.ToExchange, Key: b.RoutingKey, Arguments: b.Arguments,
	})
	if err != nil {
		return refused(err)
	}
	return q.done()
}

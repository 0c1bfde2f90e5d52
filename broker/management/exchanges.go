package management

import (
	"errors"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
)

func exchangeResources() []resource {
	return []resource{
		{path: "exchanges", read: manager, get: listExchanges},
		{path: "exchanges/{vhost}", read: manager, get: listExchanges},
		{path: "exchanges/{vhost}/{exchange}", read: manager, write: manager,
			get: getExchange, put: putExchange, delete: deleteExchange},
		{path: "exchanges/{vhost}/{exchange}/bindings/source", read: manager, get: listExchangeBindings(true)},
		{path: "exchanges/{vhost}/{exchange}/bindings/destination", read: manager, get: listExchangeBindings(false)},
	}
}

// named is the name of something in a virtual host.
type named struct{ vhost, name string }

// namesIn lists what has names in virtual hosts, one after the other.
func namesIn(hosts []string, names func(vhost string) ([]string, error)) []named {
	var all []named
	for _, host := range hosts {
		in, _ := names(host) // an error is that it was deleted meanwhile
		for _, name := range in {
			all = append(all, named{host, name})
		}
	}
	return all
}

func listExchanges(q *request) error {
	q.server.sampler.look(exchanges)
	all, spans := namesIn(q.hosts(), q.server.broker.ExchangeNames), q.spans()
	return q.list(list{
		n:    len(all),
		name: func(i int) string { return all[i].name },
		row: func(i int) object {
			x, err := q.server.broker.Exchange(all[i].vhost, all[i].name)
			if err != nil {
				return nil
			}
			return q.exchangeRow(&x, &spans)
		},
	})
}

// internalUser is who has done what no user has, in RabbitMQ's words.
const internalUser = "rmq-internal"

func (q *request) exchangeRow(x *stats.Exchange, spans *spans) object {
	user := x.User
	if user == "" {
		user = internalUser
	}
	row := object{
		"name": x.Name, "vhost": x.VHost, "type": x.Type, "durable": x.Durable, "auto_delete": x.AutoDelete,
		"internal": x.Internal, "arguments": x.Arguments, "user_who_performed_action": user,
	}
	if x.Policy != "" {
		row["policy"] = x.Policy
	}
	if x.Type == "x-delayed-message" {
		row["messages_delayed"] = x.Delayed
	}
	if q.plain() {
		return row
	}
	h := q.history(place{exchanges, x.VHost, x.Name}, spans)
	if m := h.messageStats(exchangeMessages(), messageSample(0, 0, &x.Messages), spans.messages); m != nil {
		row["message_stats"] = m
	}
	return row
}

// exchangeName is the exchange that the path names. The default one has a name there.
func (q *request) exchangeName() string {
	name := q.arg("exchange")
	if name == "amq.default" {
		return ""
	}
	return name
}

func (q *request) exchange() (stats.Exchange, error) {
	x, err := q.server.broker.Exchange(q.arg("vhost"), q.exchangeName())
	if err != nil {
		return x, notFound()
	}
	return x, nil
}

func getExchange(q *request) error {
	q.server.sampler.look(exchanges)
	x, err := q.exchange()
	if err != nil {
		return err
	}
	spans := q.spans()
	row := q.exchangeRow(&x, &spans)
	if !q.plain() {
		q.addExchangeParts(row, x.VHost, x.Name)
	}
	return q.show(row)
}

func putExchange(q *request) error {
	f, err := q.fields()
	if err != nil {
		return err
	}
	spec := vhost.ExchangeSpec{Name: q.exchangeName()}
	if spec.Type, err = f.text("type", "direct"); err != nil {
		return err
	}
	for key, flag := range map[string]*bool{
		"durable": &spec.Durable, "auto_delete": &spec.AutoDelete, "internal": &spec.Internal,
	} {
		if *flag, err = f.boolean(key); err != nil {
			return err
		}
	}
	if spec.Arguments, err = f.table("arguments"); err != nil {
		return err
	}
	created, err := q.server.broker.DeclareExchange(q.by(), q.arg("vhost"), spec)
	var e *amqp.Error
	if errors.As(err, &e) && *e == *amqp.UnknownExchangeType(spec.Type) {
		return badRequest("invalid exchange type '" + spec.Type + "'")
	}
	if err != nil {
		return refused(err)
	}
	return q.created(created)
}

func deleteExchange(q *request) error {
	if _, err := q.exchange(); err != nil {
		return err
	}
	ifUnused := q.URL.Query().Get("if-unused") == "true"
	if err := q.server.broker.DeleteExchange(q.by(), q.arg("vhost"), q.exchangeName(), ifUnused); err != nil {
		return refused(err)
	}
	return q.done()
}

func listExchangeBindings(asSource bool) handler {
	return func(q *request) error {
		all, err := q.server.broker.ExchangeBindings(q.arg("vhost"), q.exchangeName(), asSource)
		if err != nil {
			return notFound()
		}
		return q.list(bindingRows(all))
	}
}

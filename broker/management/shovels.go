package management

import (
	"time"

	"github.com/lepusmq/lepus/broker/stats"
)

func shovelResources() []resource {
	return []resource{
		{path: "shovels", read: monitor, get: listShovels},
		{path: "shovels/{vhost}", read: monitor, get: listShovels},
		{path: "shovels/vhost/{vhost}/{name}", read: monitor, write: policymaker, get: getShovel, delete: deleteShovel},
		{path: "shovels/vhost/{vhost}/{name}/restart", write: policymaker, delete: restartShovel},
	}
}

func (q *request) shovelRow(s *stats.Shovel) object {
	row := object{
		"name": s.Name, "vhost": s.VHost, "node": q.server.nodeName(), "type": "dynamic", "state": s.State,
		"timestamp": s.Since.UTC().Format(time.DateTime), "ack_mode": s.AckMode,
		"forwarded": s.Forwarded, "pending": s.Pending, "blocked_status": s.State,
	}
	if s.Remaining >= 0 {
		row["remaining"] = s.Remaining
	}
	if s.Reason != "" {
		row["reason"] = s.Reason
	}
	addShovelEnd(row, "src_", &s.Source)
	addShovelEnd(row, "dest_", &s.Destination)
	return row
}

func addShovelEnd(row object, before string, e *stats.ShovelEnd) {
	row[before+"uri"], row[before+"protocol"] = e.URI, e.Protocol
	for key, value := range map[string]string{"queue": e.Queue, "exchange": e.Exchange, "exchange_key": e.ExchangeKey} {
		if value != "" {
			row[before+key] = value
		}
	}
}

// shovels returns the shovels of the virtual host that the path names, or all that
// who asks may see.
func (q *request) shovels() []stats.Shovel {
	var all []stats.Shovel
	for _, host := range q.hosts() {
		in, _ := q.server.broker.Shovels(host) // an error is that it was deleted meanwhile
		all = append(all, in...)
	}
	return all
}

func listShovels(q *request) error {
	all := q.shovels()
	return q.list(list{
		n:    len(all),
		name: func(i int) string { return all[i].Name },
		row:  func(i int) object { return q.shovelRow(&all[i]) },
	})
}

func getShovel(q *request) error {
	for _, s := range q.shovels() {
		if s.Name == q.arg("name") {
			return q.show(q.shovelRow(&s))
		}
	}
	return notFound()
}

// deleteShovel deletes the parameter that a shovel is made of.
func deleteShovel(q *request) error {
	q.args["component"] = "shovel"
	return deleteParameter(q)
}

func restartShovel(q *request) error {
	if q.server.broker.RestartShovel(q.arg("vhost"), q.arg("name")) != nil {
		return notFound()
	}
	return q.done()
}

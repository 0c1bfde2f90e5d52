package management

import (
	"fmt"
	"net/http"
	"runtime"

	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
)

func overviewResources() []resource {
	return []resource{
		{path: "overview", read: manager, get: getOverview},
		{path: "version", read: manager, get: getVersion},
		{path: "cluster-name", read: manager, write: administrator, get: getClusterName, put: putClusterName},
		{path: "extensions", read: manager, get: listExtensions},
		{path: "feature-flags", read: administrator, get: listFeatureFlags},
		{path: "feature-flags/{flag}/enable", write: administrator, put: enableFeatureFlag},
		{path: "deprecated-features", read: administrator, get: listDeprecated},
		{path: "deprecated-features/used", read: administrator, get: listNothing},
		{path: "stream/connections", read: manager, get: listNothing},
		{path: "stream/connections/{vhost}", read: manager, get: listNothing},
		{path: "stream/publishers", read: manager, get: listNothing},
		{path: "stream/publishers/{vhost}", read: manager, get: listNothing},
		{path: "stream/consumers", read: manager, get: listNothing},
		{path: "stream/consumers/{vhost}", read: manager, get: listNothing},
		{path: "federation-links", read: monitor, get: listNothing},
		{path: "federation-links/{vhost}", read: monitor, get: listNothing},
		{path: "reset", write: administrator, delete: resetStatistics},
		{path: "reset/{node}", write: administrator, delete: resetStatistics},
	}
}

// What RabbitMQ tells of itself that here is for the sake of those who read it.
const (
	productName = "RabbitMQ"
	ratesMode   = "detailed"
)

func getOverview(q *request) error {
	b := q.server.broker
	totals, err := q.totals()
	if err != nil {
		return err
	}
	n := b.Node()
	row := object{
		"management_version": n.Version, "rabbitmq_version": n.Version, "product_version": n.Version,
		"product_name": productName, "lepus_version": n.Build, "rates_mode": ratesMode,
		"cluster_name": b.ClusterName(), "cluster_tags": q.server.clusterTags(), "node_tags": object{},
		"erlang_version": runtime.Version(), "erlang_full_version": runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		"crypto_lib_version": runtime.Version(), "release_series_support_status": "supported",
		"exchange_types": exchangeTypes(), "default_queue_type": "classic",
		"disable_stats": q.plain(), "enable_queue_totals": q.queueTotals(),
		"sample_retention_policies": object{"global": []int{600, 3600}, "basic": []int{600}, "detailed": []int{600}},
		"object_totals":             object{"connections": totals.Connections, "exchanges": totals.Exchanges, "queues": totals.Queues},
	}
	if q.any(tagMonitoring) {
		row["node"] = n.Name
	}
	if !q.plain() {
		q.addCounts(row, &totals, &n)
	}
	return q.show(row)
}

// addCounts adds to an overview what is counted, and who is listened to.
func (q *request) addCounts(row object, totals *stats.Totals, n *stats.Node) {
	all := row["object_totals"].(object)
	all["channels"], all["consumers"] = totals.Channels, totals.Consumers
	row["statistics_db_event_queue"] = 0
	spans := q.spans()
	h, now := history{}, totalsSample(totals)
	if q.any(tagMonitoring) {
		h = q.history(theBroker, &spans)
		row["listeners"], row["contexts"] = listenerRows(n), contextRows(n)
	}
	lengths, churn := object{}, object{}
	h.put(lengths, lengthsAt, lengthNames(), now, spans.lengths)
	h.put(churn, afterAt, churnNames(), now, spans.messages)
	row["queue_totals"], row["churn_rates"] = lengths, churn
	row["message_stats"] = h.messageStats(totalMessages(), now, spans.messages)
	if row["message_stats"] == nil {
		row["message_stats"] = object{}
	}
}

// totals is what everything comes to that who asks may see.
func (q *request) totals() (stats.Totals, error) {
	if q.any(tagMonitoring) {
		return q.server.broker.Totals("")
	}
	var sum stats.Totals
	for _, host := range q.visible() {
		t, err := q.server.broker.Totals(host)
		if err != nil {
			continue // deleted meanwhile
		}
		sum.Exchanges += t.Exchanges
		sum.Queues += t.Queues
		sum.Consumers += t.Consumers
		sum.Ready += t.Ready
		sum.Unacked += t.Unacked
		sum.Messages.Add(&t.Messages)
	}
	sum.Connections = len(q.connections())
	sum.Channels = len(q.channels(func(*stats.Channel) bool { return true }))
	return sum, nil
}

func exchangeTypes() []object {
	var all []object
	for _, name := range vhost.ExchangeTypes() {
		all = append(all, object{"name": name, "description": "exchanges of type " + name, "enabled": true})
	}
	return all
}

func listenerRows(n *stats.Node) []object {
	all := []object{}
	for _, l := range n.Listeners {
		all = append(all, object{
			"node": n.Name, "protocol": l.Protocol, "ip_address": l.Address, "port": l.Port, "socket_opts": object{},
		})
	}
	return all
}

// contextRows are where this API and the metrics are found.
func contextRows(n *stats.Node) []object {
	all := []object{}
	for _, l := range n.Listeners {
		what, ok := map[string]string{
			"http": "RabbitMQ Management", "https": "RabbitMQ Management", "http/prometheus": "RabbitMQ Prometheus",
		}[l.Protocol]
		if ok {
			all = append(all, object{
				"node": n.Name, "description": what, "path": "/", "ip": l.Address, "port": fmt.Sprint(l.Port),
				"cowboy_opts": "[]", "ssl_opts": []any{},
			})
		}
	}
	return all
}

func getVersion(q *request) error { return q.write(http.StatusOK, q.server.broker.Node().Version) }

func getClusterName(q *request) error {
	return q.show(object{"name": q.server.broker.ClusterName()})
}

func putClusterName(q *request) error {
	f, err := q.fieldsWith("name")
	if err != nil {
		return err
	}
	if err := q.server.broker.SetGlobalParameter("cluster_name", f["name"]); err != nil {
		return asBadRequest(err)
	}
	return q.done()
}

// listExtensions lists the scripts that plugins add to RabbitMQ's page.
func listExtensions(q *request) error {
	return q.write(http.StatusOK, []object{{"javascript": "dispatcher.js"}})
}

// clusterTags are what somebody has set to tell clusters apart.
func (s *Server) clusterTags() any {
	if p := s.globalParameter("cluster_tags"); p != nil {
		return p.Value
	}
	return object{}
}

// listNothing lists what there could be if there were streams or federation.
func listNothing(q *request) error { return q.list(rows(nil, "")) }

// resetStatistics forgets all samples, so that rates and charts begin anew. Counters go
// on: they are the broker's.
func resetStatistics(q *request) error {
	if node, ok := q.args["node"]; ok && node != q.server.nodeName() {
		return notFound()
	}
	q.server.sampler.reset()
	return q.done()
}

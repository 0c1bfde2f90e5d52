package management

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/stats"
	"github.com/lepusmq/lepus/broker/vhost"
)

func healthResources() []resource {
	check := func(path string, get handler) resource {
		return resource{path: "health/checks/" + path, read: manager, get: get}
	}
	return []resource{
		check("alarms", checkAlarms),
		check("local-alarms", checkAlarms),
		check("certificate-expiration/{within}/{unit}", checkCertificates),
		check("port-listener/{port}", checkPort),
		check("protocol-listener/{protocol}", checkProtocol),
		check("virtual-hosts", healthy),
		check("metadata-store/initialized", healthy),
		check("metadata-store/initialized/with-data", healthy),
		check("node-is-mirror-sync-critical", alone),
		check("node-is-quorum-critical", alone),
		check("quorum-queues-without-elected-leaders/all-vhosts", healthy),
		check("quorum-queues-without-elected-leaders/all-vhosts/pattern/{pattern}", healthy),
		check("quorum-queues-without-elected-leaders/vhost/{vhost}", healthy),
		check("quorum-queues-without-elected-leaders/vhost/{vhost}/pattern/{pattern}", healthy),
		check("is-in-service", checkInService),
		check("below-node-connection-limit", healthy),
		check("ready-to-serve-clients", checkReady),
		check("reached-target-cluster-size", healthy),
		{path: "healthchecks/node", read: manager, get: checkAlarms},
		{path: "healthchecks/node/{node}", read: manager, get: checkNode},
		{path: "aliveness-test/{vhost}", read: manager, get: testAliveness},
	}
}

// healthy is the answer to a check of something that could not be otherwise while it
// is answered.
func healthy(q *request) error { return q.write(http.StatusOK, object{"status": "ok"}) }

// alone is the answer to what would be asked of a cluster.
func alone(q *request) error {
	return q.write(http.StatusOK, object{"status": "ok", "reason": "single node cluster"})
}

// failed answers a check with why it has failed.
func (q *request) failed(o object) error {
	o["status"] = "failed"
	return q.write(http.StatusServiceUnavailable, o)
}

func checkAlarms(q *request) error {
	n := q.server.broker.Node()
	alarms := []object{}
	for resource, on := range map[string]bool{"memory": n.MemoryAlarm, "disk": n.DiskAlarm} {
		if on {
			alarms = append(alarms, object{"node": n.Name, "resource": resource})
		}
	}
	if len(alarms) > 0 {
		return q.failed(object{"reason": "There are alarms in effect in the node", "alarms": alarms})
	}
	return healthy(q)
}

// checkInService fails while the broker is in maintenance.
func checkInService(q *request) error {
	if q.server.broker.Node().BeingDrained {
		return q.failed(object{"reason": "the node is in maintenance mode"})
	}
	return healthy(q)
}

// checkReady fails unless clients can connect.
func checkReady(q *request) error {
	n := q.server.broker.Node()
	if n.BeingDrained {
		return checkInService(q)
	}
	forClients := func(l stats.Listener) bool { return strings.HasPrefix(l.Protocol, "amqp") }
	if !slices.ContainsFunc(n.Listeners, forClients) {
		return q.failed(object{"reason": "no listener lets AMQP clients in"})
	}
	return healthy(q)
}

func checkNode(q *request) error {
	if q.arg("node") != q.server.nodeName() {
		return notFound()
	}
	return checkAlarms(q)
}

func checkCertificates(q *request) error {
	n, err := strconv.Atoi(q.arg("within"))
	if err != nil || n < 0 {
		return badRequest("Invalid expiration value.")
	}
	now := time.Now()
	until := map[string]time.Time{
		"days": now.AddDate(0, 0, n), "weeks": now.AddDate(0, 0, 7*n), "months": now.AddDate(0, n, 0), "years": now.AddDate(n, 0, 0),
	}
	at, ok := until[q.arg("unit")]
	if !ok {
		return badRequest("Time unit not recognised. Supported units: days, weeks, months, years.")
	}
	node := q.server.broker.Node()
	expired := []object{}
	for _, l := range node.Listeners {
		if !l.CertificateExpires.IsZero() && l.CertificateExpires.Before(at) {
			expired = append(expired, object{
				"node": node.Name, "protocol": l.Protocol, "interface": l.Address, "port": l.Port,
				"cert_expires_on": l.CertificateExpires.UTC().Format(time.RFC3339),
			})
		}
	}
	if len(expired) > 0 {
		return q.failed(object{"reason": "Certificates expiring", "expired": expired})
	}
	return healthy(q)
}

func checkPort(q *request) error {
	port, err := strconv.Atoi(q.arg("port"))
	if err != nil {
		return badRequest("Invalid port")
	}
	ports := []int{}
	for _, l := range q.server.broker.Node().Listeners {
		ports = append(ports, l.Port)
	}
	if !slices.Contains(ports, port) {
		return q.failed(object{"reason": "No active listener", "missing": port, "ports": ports})
	}
	return q.write(http.StatusOK, object{"status": "ok", "port": port})
}

func checkProtocol(q *request) error {
	wanted := q.arg("protocol")
	protocols := []string{}
	for _, l := range q.server.broker.Node().Listeners {
		protocols = append(protocols, l.Protocol)
	}
	for one := range strings.SplitSeq(wanted, ",") {
		if !slices.Contains(protocols, protocolName(one)) {
			return q.failed(object{"reason": "No active listener", "missing": wanted, "protocols": protocols})
		}
	}
	return q.write(http.StatusOK, object{"status": "ok", "protocol": wanted})
}

// protocolName is the listeners' name of a protocol that has others.
func protocolName(name string) string {
	switch name = strings.ToLower(strings.TrimSpace(name)); name {
	case "amqp091", "amqp0.9.1", "amqp0-9-1", "amqp10", "amqp1.0":
		return "amqp"
	case "amqps", "amqp/tls":
		return "amqp/ssl"
	}
	return name
}

// alivenessQueue is where the test of aliveness sends a message.
const alivenessQueue = "aliveness-test"

// testAliveness declares a queue, publishes to it and gets the message.
func testAliveness(q *request) error {
	b, by, host := q.server.broker, q.by(), q.arg("vhost")
	if _, err := b.DeclareQueue(by, host, vhost.QueueSpec{Name: alivenessQueue}); err != nil {
		return aliveRefused(err)
	}
	m := vhost.Post{Key: alivenessQueue, Body: []byte("test_message")}
	if routed, err := b.Publish(by, host, m); err != nil || !routed {
		return aliveRefused(err)
	}
	got, err := b.Fetch(by, host, vhost.Fetch{Queue: alivenessQueue, Max: 1, MaxBytes: 1, Ack: true})
	if err != nil {
		return aliveRefused(err)
	}
	if len(got) == 0 {
		return q.failed(object{"reason": fmt.Sprintf("no message came back from queue '%s'", alivenessQueue)})
	}
	return healthy(q)
}

func aliveRefused(err error) error {
	if err == nil {
		err = amqp.Errorf(amqp.InternalError, "the message was not taken")
	}
	return fetchRefused(err)
}

package management

import (
	"net"
	"net/http"
	"strconv"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/stats"
)

func connectionResources() []resource {
	return []resource{
		{path: "connections", read: manager, get: listConnections},
		{path: "connections/{connection}", read: manager, write: manager, get: getConnection, delete: closeConnection},
		{path: "connections/username/{user}", read: manager, write: manager, get: listUserConnections, delete: closeUserConnections},
		{path: "connections/{connection}/channels", read: manager, get: listConnectionChannels},
		{path: "connections/{connection}/sessions", read: manager, get: listSessions},
		{path: "vhosts/{vhost}/connections", read: manager, get: listConnections},
	}
}

// owns says whether connections of a user are for who asks.
func (q *request) owns(user string) bool { return q.any(tagMonitoring) || user == q.user.Name }

// connections returns the connections that are for who asks, of the virtual host that
// the path names if it names one.
func (q *request) connections() []stats.Connection {
	var all []stats.Connection
	host, only := q.args["vhost"]
	for _, c := range q.server.broker.Connections() {
		if q.owns(c.User) && (!only || c.VHost == host) {
			all = append(all, c)
		}
	}
	return all
}

func listConnections(q *request) error {
	q.server.sampler.look(connections)
	all, spans := q.connections(), q.spans()
	return q.list(list{
		n:    len(all),
		name: func(i int) string { return all[i].Name },
		row:  func(i int) object { return q.connectionRow(&all[i], &spans) },
	})
}

func (q *request) connectionRow(c *stats.Connection, spans *spans) object {
	if q.plain() {
		return q.plainConnection(c)
	}
	if c.Own {
		return q.ownConnection(c, spans)
	}
	peerHost, peerPort := hostPort(c.Peer.String())
	host, port := hostPort(c.Local.String())
	row := object{
		"name": c.Name, "node": q.server.nodeName(), "type": "network", "protocol": "AMQP 0-9-1",
		"user": c.User, "user_who_performed_action": c.User, "vhost": c.VHost, "state": c.State,
		"host": host, "port": port, "peer_host": peerHost, "peer_port": peerPort,
		"auth_mechanism": c.Mechanism, "channels": c.Channels, "channel_max": c.ChannelMax, "frame_max": c.FrameMax,
		"timeout": int(c.Heartbeat.Seconds()), "client_properties": c.Client,
		"connected_at": c.ConnectedAt.UnixMilli(), "send_pend": c.Traffic.Pending,
		"garbage_collection": noCollection(), "reductions": 0, "reductions_details": object{"rate": rate(0)},
	}
	if name, ok := clientName(c.Client); ok {
		row["user_provided_name"] = name
	}
	addTLS(row, c.TLS)
	q.addTraffic(row, c, spans)
	return row
}

// ownConnection is one that the broker has opened to itself, which has no address.
func (q *request) ownConnection(c *stats.Connection, spans *spans) object {
	row := q.plainConnection(c)
	row["type"], row["protocol"], row["user_who_performed_action"] = "direct", "Direct 0-9-1", c.User
	row["client_properties"], row["connected_at"] = c.Client, c.ConnectedAt.UnixMilli()
	row["state"], row["channels"] = c.State, c.Channels
	q.addTraffic(row, c, spans)
	return row
}

func (q *request) addTraffic(row object, c *stats.Connection, spans *spans) {
	h := q.history(place{connections, "", c.Name}, spans)
	now := trafficSample(&c.Traffic)
	h.put(row, 0, trafficNames()[:2], now, spans.data)
	row["recv_cnt"], row["send_cnt"] = now[2], now[3]
}

func addTLS(row object, t *stats.TLS) {
	row["ssl"] = t != nil
	for _, key := range []string{"ssl_protocol", "ssl_cipher", "ssl_hash", "ssl_key_exchange",
		"peer_cert_subject", "peer_cert_issuer", "peer_cert_validity"} {
		row[key] = nil
	}
	if t == nil {
		return
	}
	row["ssl_protocol"], row["ssl_cipher"] = t.Version, t.Cipher
	if t.Subject != "" {
		row["peer_cert_subject"], row["peer_cert_issuer"] = t.Subject, t.Issuer
		row["peer_cert_validity"] = t.NotAfter.UTC().Format("2006-01-02T15:04:05Z")
	}
}

// clientName is what a client calls its connection.
func clientName(client amqp.Table) (string, bool) {
	v, _ := client.Get("connection_name")
	return v.Str()
}

// hostPort parts an address.
func hostPort(address string) (string, int) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address, 0
	}
	n, _ := strconv.Atoi(port) // 0 if it has a name
	return host, n
}

// connection is the one that the path names, by its name or the client's name for it.
func (q *request) connection() (*stats.Connection, error) {
	all := q.server.broker.Connections()
	for i := range all {
		if all[i].Name != q.arg("connection") {
			continue
		}
		if !q.owns(all[i].User) {
			return nil, notAuthorised("User not authorised to access object")
		}
		return &all[i], nil
	}
	return nil, notFound()
}

func getConnection(q *request) error {
	q.server.sampler.look(connections)
	c, err := q.connection()
	if err != nil {
		return err
	}
	spans := q.spans()
	return q.show(q.connectionRow(c, &spans))
}

// reason is what a client is told of why its connection is closed.
func (q *request) reason() string {
	if reason := q.Header.Get("X-Reason"); reason != "" {
		return reason
	}
	return "Closed via management plugin"
}

func closeConnection(q *request) error {
	c, err := q.connection()
	if err != nil {
		return err
	}
	// An error is that it has gone meanwhile, as it was to.
	_ = q.server.broker.CloseConnection(c.ID, q.reason())
	return q.done()
}

func (q *request) userConnections() ([]stats.Connection, error) {
	user := q.arg("user")
	if !q.owns(user) {
		return nil, notAuthorised("User not authorised to access object")
	}
	var all []stats.Connection
	for _, c := range q.server.broker.Connections() {
		if c.User == user {
			all = append(all, c)
		}
	}
	return all, nil
}

func listUserConnections(q *request) error {
	all, err := q.userConnections()
	if err != nil {
		return err
	}
	var shown []object
	for _, c := range all {
		shown = append(shown, object{"name": c.Name, "vhost": c.VHost, "user": c.User, "node": q.server.nodeName()})
	}
	return q.list(rows(shown, "name"))
}

func closeUserConnections(q *request) error {
	all, err := q.userConnections()
	if err != nil {
		return err
	}
	for _, c := range all {
		_ = q.server.broker.CloseConnection(c.ID, q.reason()) // as in closeConnection
	}
	return q.done()
}

// listSessions lists the sessions of AMQP 1.0 in a connection: there are none.
func listSessions(q *request) error {
	if _, err := q.connection(); err != nil {
		return err
	}
	return q.write(http.StatusOK, []object{})
}

package conf

import "strings"

func viewKeys() []Key {
	const kind = "Network"
	var keys []Key
	for _, v := range []struct {
		prefix, what, flag, port string
		at                       func(*Settings) *webPlaces
		tls                      func(*Settings) *tlsFiles
	}{
		{"management", "the management API and page", "management-listen", "15672", func(s *Settings) *webPlaces { return &s.management }, func(s *Settings) *tlsFiles { return &s.mgmtTLS }},
		{"prometheus", "metrics", "prometheus-listen", "15692", func(s *Settings) *webPlaces { return &s.metrics }, func(s *Settings) *tlsFiles { return &s.promTLS }},
	} {
		group := v.prefix + " listeners"
		keys = append(keys,
			Key{
				Pattern: v.prefix + ".listen.$n", Group: group, Flag: v.flag, Kind: kind, Doc: "serve " + v.what + " on `HOST:PORT`, :" + v.port + " unless something else is said; none is nowhere",
				Type: address(func(to Target, a string) {
					if w := v.at(to.Settings); a == "" {
						w.off = true
					} else {
						w.places = append(w.places, a)
					}
				}),
			},
			Key{Pattern: v.prefix + ".tcp.port", Group: group, Default: v.port, Doc: "serve " + v.what + " at this port", Type: port(func(to Target, s string) { v.at(to.Settings).tcp.port = s })},
			Key{Pattern: v.prefix + ".tcp.ip", Group: group, Doc: "and at this address only", Type: text(func(to Target, s string) { v.at(to.Settings).tcp.ip = strings.Trim(s, "[]") })},
			Key{Pattern: v.prefix + ".ssl.port", Group: group, Doc: "serve " + v.what + " with TLS at this port, and without TLS only if that is asked for, too", Type: port(func(to Target, s string) { v.at(to.Settings).tls.port = s })},
			Key{Pattern: v.prefix + ".ssl.ip", Group: group, Doc: "and at this address only", Type: text(func(to Target, s string) { v.at(to.Settings).tls.ip = strings.Trim(s, "[]") })},
		)
		keys = append(keys, tlsOptions(v.prefix+".ssl", v.what+", or else those of AMQP are taken", group, v.tls)...)
		keys = append(keys, ignored(v.prefix+".tcp.**", "the server's own times are fixed"))
	}
	return append(keys, oldManagementKeys()...)
}

// oldManagementKeys are what RabbitMQ 3.7 called them, and the rest.
func oldManagementKeys() []Key {
	const group = "management listeners"
	keys := []Key{
		{Pattern: "management.listener.port", Group: group, Doc: "the old name of management.tcp.port, or of management.ssl.port", Type: port(func(to Target, s string) { to.management.old.port = s })},
		{Pattern: "management.listener.ip", Group: group, Doc: "the old name of management.tcp.ip, or of management.ssl.ip", Type: text(func(to Target, s string) { to.management.old.ip = s })},
		{Pattern: "management.listener.ssl", Group: group, Doc: "whether management.listener is with TLS", Type: boolean(func(to Target, on bool) { to.management.oldTLS = on })},
		{Pattern: "management.http.max_body_size", Default: "20000000", Doc: "the size of the largest request", Type: size(func(to Target, n int64) { to.Broker.Management.MaxBody = n })},
		{Pattern: "management.path_prefix", Doc: "what comes before all paths of the management API and page", Type: text(func(to Target, s string) { to.Broker.PathPrefix = s })},
		{Pattern: "management.cors.allow_origins.$n", Doc: "an origin whose pages may use the management API; * is any", Type: text(func(to Target, s string) { to.Broker.AllowOrigins = append(to.Broker.AllowOrigins, s) })},
		{Pattern: "management.disable_stats", Default: "false", Doc: "have the management API show no counts and rates, and take no samples of them", Type: boolean(func(to Target, on bool) { to.Broker.DisableStats = on })},
		{Pattern: "management.enable_queue_totals", Default: "false", Doc: "have it show how many messages are in queues all the same", Type: boolean(func(to Target, on bool) { to.Broker.EnableQueueTotals = on })},
		{Pattern: "prometheus.path", Default: "/metrics", Doc: "where the metrics are, and below it", Type: path(func(to Target, s string) { to.Broker.MetricsPath = s })},
		{Pattern: "prometheus.return_per_object_metrics", Default: "false", Doc: "have /metrics tell of each queue, channel and connection", Type: boolean(func(to Target, on bool) { to.Broker.MetricsPerObject = on })},
		{Pattern: "prometheus.authentication.enabled", Default: "false", Doc: "have those log in who read metrics, as users with the tag monitoring or administrator", Type: boolean(func(to Target, on bool) { to.Broker.MetricsLogin = on })},
		{Pattern: "profiles", Default: "false", Flag: "profiles", Kind: "Network", Doc: "serve /debug/pprof/ beside the metrics, which shows what is in memory", Type: boolean(func(to Target, on bool) { to.Broker.Profiles = on })},
		{Pattern: "prometheus.tcp.listener", Group: "prometheus listeners", Doc: "do not serve metrics without TLS", Type: choice(func(to Target, _ string) { to.metrics.off = true }, "none")},
	}
	keys = append(keys, tlsOptions("management.listener.ssl_opts", "the management API and page, by their old names", group, func(s *Settings) *tlsFiles { return &s.mgmtTLS })...)
	return append(keys,
		ignored("management.**", "the API and page have no such option"),
		ignored("management_agent.**", "statistics are always there, and cost nothing"),
		ignored("prometheus.**", "metrics have no such option"),
	)
}

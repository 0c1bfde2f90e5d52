package conf

import "github.com/lepusmq/lepus/broker"

func nodeKeys() []Key {
	return []Key{
		{Pattern: "node_name", Doc: "what the node is called; without this rabbit@ and the host's name", Type: text(func(to Target, s string) { to.Broker.NodeName = s })},
		{Pattern: "cluster_name", Doc: "what clients are told as the cluster's name; without this the node's", Type: text(func(to Target, s string) { to.Broker.ClusterName = s })},
		{
			Pattern: "report_version", Default: broker.DefaultVersion, Flag: "report-version", Kind: "Network",
			Doc: "tell clients that this is RabbitMQ `VERSION`; before 4.0 the broker also keeps to what changed then", Type: text(func(to Target, s string) { to.Broker.Version = s }),
		},
		{Pattern: "product.version", Doc: "the same as report_version", Group: "report_version", Type: text(func(to Target, s string) { to.Broker.Version = s })},
		{Pattern: "pid_file", Doc: "a file for the number of the process while it is ready", Type: file(func(to Target, s string) { to.PIDFile = s })},
	}
}

// ignored is a key that RabbitMQ has and this broker has no use for.
func ignored(pattern, why string) Key { return Key{Pattern: pattern, Ignored: why} }

// refused is one that RabbitMQ has, and without whose effect nothing would be as it
// was meant.
func refused(pattern, why string) Key { return Key{Pattern: pattern, Refused: why} }

func ignoredKeys() []Key {
	const noCluster, always, none, erlang = "there are no clusters", "it is always so", "there is no such protocol", "there is no Erlang"
	var keys []Key
	for _, group := range []struct {
		why      string
		patterns []string
	}{
		{noCluster, []string{
			"cluster_formation.**", "cluster_partition_handling", "cluster_partition_handling.**", "cluster_keepalive_interval", "cluster_tags.**", "node_tags.**",
			"queue_leader_locator", "queue_master_locator", "mirroring_sync_batch_size", "mirroring_sync_max_throughput", "net_ticktime", "raft.**", "quorum_queue.**",
			"metadata_store.**", "mnesia_table_loading_retry_limit", "mnesia_table_loading_retry_timeout", "prevent_startup_if_node_was_reset",
		}},
		{none, []string{
			"mqtt.**", "stomp.**", "stream.**", "web_mqtt.**", "web_stomp.**", "web_amqp.**", "amqp1_0.**", "amqp10_client.**", "amqp_client.**",
		}},
		{erlang, []string{
			"erlang.K", "hipe_compile", "background_gc_enabled", "background_gc_target_interval", "default_worker_pool_size", "delegate_count", "distribution.**",
			"socket_writer.gc_threshold", "sysmon_handler.**",
		}},
		{always, []string{
			"collect_statistics", "collect_statistics_interval", "classic_queue.default_version", "queue_index_embed_msgs_below", "message_store_shutdown_timeout",
			"vhost_restart_strategy", "deprecated_features.**", "queue_types.**", "exchange_types.**", "event_exchange.**", "http_dispatch.**",
		}},
		{"there is no such option", []string{
			"product.name", "motd_file", "channel_interceptor.**", "runtime_parameters.**", "shovel.**", "federation.**",
			"exchange_federation.**", "queue_federation.**", "tracing.**", "aws.**",
		}},
	} {
		for _, p := range group.patterns {
			keys = append(keys, ignored(p, group.why))
		}
	}
	return keys
}

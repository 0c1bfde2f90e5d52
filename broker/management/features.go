package management

// feature is a feature flag, or a feature that RabbitMQ is to lose.
type feature struct{ name, about string }

// featureFlags are those of RabbitMQ up to 4.1: tools ask for them by name, and there
// is nothing here that could not be used.
func featureFlags() []feature {
	return []feature{
		{"classic_mirrored_queue_version", "mirrors agree on a version of classic queues; there are no mirrors here"},
		{"classic_queue_type_delivery_support", "classic queues are served like those of other types"},
		{"detailed_queues_endpoint", "/api/queues/detailed lists queues with all their columns"},
		{"direct_exchange_routing_v2", "direct exchanges look queues up by the routing key"},
		{"drop_unroutable_metric", "messages that were dropped because no queue wanted them are counted"},
		{"empty_basic_get_metric", "fetches that found no message are counted"},
		{"feature_flags_v2", "feature flags are looked after by all nodes together"},
		{"implicit_default_bindings", "bindings to the default exchange are not stored"},
		{"khepri_db", "definitions are in a replicated tree; here they are in the store of the node"},
		{"listener_records_in_ets", "listeners are not stored"},
		{"maintenance_mode_status", "a node can say that it is being drained"},
		{"message_containers", "messages are kept as they came, whatever the protocol"},
		{"message_containers_deaths_v2", "the history of dead letters keeps its order"},
		{"quorum_queue", "queues can be of the type quorum"},
		{"quorum_queue_non_voters", "members of quorum queues can catch up before they vote"},
		{"rabbitmq_4.0.0", "all that came with RabbitMQ 4.0"},
		{"rabbitmq_4.1.0", "all that came with RabbitMQ 4.1"},
		{"restart_streams", "streams can be restarted"},
		{"stream_filtering", "consumers of streams can ask for some of the messages"},
		{"stream_queue", "queues can be of the type stream"},
		{"stream_sac_coordinator_unblock_group", "groups of single active consumers of streams do not get stuck"},
		{"stream_single_active_consumer", "streams can have a single active consumer"},
		{"stream_update_config_command", "the configuration of a stream can be changed"},
		{"tracking_records_in_ets", "connections and channels are counted in memory"},
		{"user_limits", "users can have limits of connections and channels"},
		{"virtual_host_metadata", "virtual hosts have a description and tags"},
	}
}

func listFeatureFlags(q *request) error {
	var all []object
	for _, f := range featureFlags() {
		all = append(all, object{
			"name": f.name, "desc": f.about, "doc_url": "", "state": "enabled", "stability": "required", "provided_by": "rabbit",
		})
	}
	return q.list(rows(all, "name"))
}

func enableFeatureFlag(q *request) error {
	known := q.arg("flag") == "all"
	for _, f := range featureFlags() {
		known = known || f.name == q.arg("flag")
	}
	if !known {
		return badRequest("unsupported")
	}
	return q.done()
}

const (
	permitted = "permitted_by_default"
	removed   = "removed"
)

// deprecatedFeature is one that RabbitMQ is to lose, or has lost.
type deprecatedFeature struct {
	feature
	phase string
}

// deprecated are those. Here they stay, or never were; nothing is said to use them.
func deprecated() []deprecatedFeature {
	return []deprecatedFeature{
		{feature{"amqp_address_v1", "addresses of AMQP 1.0 as RabbitMQ 3 had them; there is no AMQP 1.0 here"}, permitted},
		{feature{"amqp_filter_set_bug", "filters of AMQP 1.0 as RabbitMQ 3 took them; there is no AMQP 1.0 here"}, permitted},
		{feature{"classic_queue_mirroring", "copies of classic queues on other nodes; there are none here"}, removed},
		{feature{"global_qos", "one prefetch for all consumers of a channel; it stays here"}, permitted},
		{feature{"management_metrics_collection", "counts and rates in this API; they stay here"}, permitted},
		{feature{"queue_master_locator", "on which node a new queue is; here it is on the only one"}, permitted},
		{feature{"ram_node_type", "nodes that keep nothing on disk; see --ephemeral"}, permitted},
		{feature{"transient_nonexcl_queues", "queues that are neither durable nor exclusive; they stay here"}, permitted},
	}
}

func listDeprecated(q *request) error {
	var all []object
	for _, f := range deprecated() {
		all = append(all, object{
			"name": f.name, "desc": f.about, "deprecation_phase": f.phase, "doc_url": "", "provided_by": "rabbit",
		})
	}
	return q.list(rows(all, "name"))
}

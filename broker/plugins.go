package broker

import "slices"

// Plugins returns what of the broker RabbitMQ has in plugins, by their names
// there and sorted: what is always on, and the views that are served.
func (b *Broker) Plugins() []string {
	on := []string{"rabbitmq_consistent_hash_exchange", "rabbitmq_delayed_message_exchange", "rabbitmq_event_exchange",
		"rabbitmq_message_deduplication", "rabbitmq_random_exchange", "rabbitmq_recent_history_exchange", "rabbitmq_shovel"}
	if slices.Contains(b.cfg.Mechanisms, "EXTERNAL") {
		on = append(on, "rabbitmq_auth_mechanism_ssl")
	}
	if len(b.management.doors) > 0 {
		on = append(on, "rabbitmq_management", "rabbitmq_management_agent", "rabbitmq_shovel_management")
	}
	if len(b.prometheus.doors) > 0 {
		on = append(on, "rabbitmq_prometheus")
	}
	slices.Sort(on)
	return on
}

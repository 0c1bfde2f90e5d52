package metrics_test

import (
	"testing"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/metrics"
)

// RabbitMQ's dashboard called Overview asks for these, and joins each with the
// identity of its node.
func TestOverviewDashboardFindsWhatItAsksFor(t *testing.T) {
	t.Parallel()
	f := brokertest.Start(t, func(c *broker.Config) { c.DataDir, c.MemoryHighWatermark = t.TempDir(), 1<<30 })
	s := &scraped{T: t, Fixture: f, handler: metrics.New(f.Broker, metrics.Options{})}
	asked := []string{
		"build_info", "identity_info", "erlang_uptime_seconds",
		"resident_memory_limit_bytes", "process_resident_memory_bytes", "process_max_fds", "process_open_fds",
		"disk_space_available_bytes", "disk_space_available_limit_bytes",
		"connections", "connections_opened_total", "connections_closed_total", "channels", "channels_opened_total", "channels_closed_total",
		"queues", "queues_declared_total", "queues_created_total", "queues_deleted_total", "queue_messages_ready", "queue_messages_unacked",
		"message_size_bytes",
	}
	for _, name := range []string{
		"publishers", "consumers", "messages_received_total", "messages_received_confirm_total", "messages_confirmed_total",
		"messages_routed_total", "messages_unroutable_dropped_total", "messages_unroutable_returned_total",
		"messages_delivered_total", "messages_delivered_consume_auto_ack_total", "messages_delivered_consume_manual_ack_total",
		"messages_delivered_get_auto_ack_total", "messages_delivered_get_manual_ack_total", "messages_get_empty_total",
		"messages_redelivered_total", "messages_acknowledged_total",
	} {
		asked = append(asked, "global_"+name)
	}
	got := s.families("/metrics")
	for _, name := range asked {
		if f := got["rabbitmq_"+name]; f == nil || len(f.Metric) == 0 {
			t.Errorf("there is no rabbitmq_%s", name)
		}
	}
	for name, labels := range map[string][]string{
		"identity_info": {"rabbitmq_cluster", "rabbitmq_node", "rabbitmq_endpoint"},
		"build_info":    {"rabbitmq_version", "erlang_version"},
	} {
		has := map[string]string{}
		for _, l := range got["rabbitmq_"+name].Metric[0].Label {
			has[l.GetName()] = l.GetValue()
		}
		for _, label := range labels {
			if has[label] == "" {
				t.Errorf("rabbitmq_%s has no %s", name, label)
			}
		}
	}
}

// The others are about Raft and Erlang, but for this.
func TestOtherDashboardsFindTheFilesOfTheProcess(t *testing.T) {
	t.Parallel()
	s := start(t, metrics.Options{})
	for _, path := range []string{"/metrics", "/metrics/per-object"} {
		for _, name := range []string{"process_open_fds", "process_max_fds"} {
			if s.get(path)[name] <= 0 {
				t.Errorf("%s has no %s", path, name)
			}
		}
	}
}

package metrics

import (
	"runtime"
	"strings"
	"time"

	"github.com/lepusmq/lepus/broker/stats"
)

func nodeCoarse() []metric[stats.Node] {
	type n = stats.Node
	return []metric[n]{
		{"process_open_fds", gauge, "Open files and sockets", func(n *n) float64 { return known(n.FDUsed) }},
		{"process_open_tcp_sockets", gauge, "Open connections", func(n *n) float64 { return float64(n.Sockets) }},
		{"process_resident_memory_bytes", gauge, "Memory used", func(n *n) float64 { return known(n.MemoryUsed) }},
		{"disk_space_available_bytes", gauge, "Room on the disk", func(n *n) float64 { return known(n.DiskFree) }},
		{"erlang_processes_used", gauge, "Goroutines", func(n *n) float64 { return float64(n.Goroutines) }},
		{"erlang_gc_runs_total", counter, "Garbage collections", func(n *n) float64 { return float64(n.Collections) }},
		{"erlang_gc_reclaimed_bytes_total", counter, "Memory that garbage collections have freed", func(n *n) float64 { return float64(n.Collected) }},
	}
}

func nodeMetrics() []metric[stats.Node] {
	type n = stats.Node
	return []metric[n]{
		{"process_max_fds", gauge, "Files and sockets that may be open", func(n *n) float64 { return known(n.FDTotal) }},
		{"process_max_tcp_sockets", gauge, "Connections that may be open", func(n *n) float64 { return known(n.FDTotal) }},
		{"resident_memory_limit_bytes", gauge, "Memory above which publishers are blocked", func(n *n) float64 { return known(n.MemoryLimit) }},
		{"disk_space_available_limit_bytes", gauge, "Room on the disk below which publishers are blocked", func(n *n) float64 { return known(n.DiskLimit) }},
		{"erlang_processes_limit", gauge, "Goroutines that there may be: memory is the only limit", func(*n) float64 { return 1 << 20 }},
		{"erlang_scheduler_run_queue", gauge, "Goroutines that wait for a processor", func(n *n) float64 { return float64(n.RunQueue) }},
		{"erlang_uptime_seconds", gauge, "Time since the start", func(n *n) float64 { return time.Since(n.Started).Seconds() }},
	}
}

func alarmMetrics() []metric[stats.Node] {
	type n = stats.Node
	return []metric[n]{
		{"alarms_file_descriptor_limit", untyped, "1 while there are too many open files: never here", func(*n) float64 { return 0 }},
		{"alarms_free_disk_space_watermark", untyped, "1 while there is too little room on the disk", func(n *n) float64 { return one(n.DiskAlarm) }},
		{"alarms_memory_used_watermark", untyped, "1 while too much memory is used", func(n *n) float64 { return one(n.MemoryAlarm) }},
		{"unreachable_cluster_peers_count", gauge, "Nodes of the cluster that cannot be reached: there is one node", func(*n) float64 { return 0 }},
	}
}

// storeMetrics are what was read and written by all queues.
func storeMetrics() []metric[stats.Totals] {
	type t = stats.Totals
	return []metric[t]{
		{"msg_store_read_total", counter, "Messages read from disk", func(t *t) float64 { return float64(t.Messages.DiskReads) }},
		{"msg_store_write_total", counter, "Messages given to the disk", func(t *t) float64 { return float64(t.Messages.DiskWrites) }},
	}
}

// fileMetrics are what was done with the files of the log.
func fileMetrics() []metric[stats.Node] {
	type n = stats.Node
	return []metric[n]{
		{"io_read_ops_total", counter, "Reads of files", func(n *n) float64 { return float64(n.Reads.Ops) }},
		{"io_read_bytes_total", counter, "Bytes read from files", func(n *n) float64 { return float64(n.Reads.Bytes) }},
		{"io_read_time_seconds_total", counter, "Time that reads of files took", func(n *n) float64 { return n.Reads.Took.Seconds() }},
		{"io_write_ops_total", counter, "Writes to files", func(n *n) float64 { return float64(n.Writes.Ops) }},
		{"io_write_bytes_total", counter, "Bytes written to files", func(n *n) float64 { return float64(n.Writes.Bytes) }},
		{"io_write_time_seconds_total", counter, "Time that writes to files took", func(n *n) float64 { return n.Writes.Took.Seconds() }},
		{"io_sync_ops_total", counter, "Syncs of files", func(n *n) float64 { return float64(n.Syncs.Ops) }},
		{"io_sync_time_seconds_total", counter, "Time that syncs of files took", func(n *n) float64 { return n.Syncs.Took.Seconds() }},
	}
}

func authMetrics() []metric[stats.Logins] {
	type l = stats.Logins
	return []metric[l]{
		{"auth_attempts_total", counter, "Attempts to log in", func(l *l) float64 { return float64(l.Succeeded + l.Failed) }},
		{"auth_attempts_succeeded_total", counter, "Attempts to log in that have succeeded", func(l *l) float64 { return float64(l.Succeeded) }},
		{"auth_attempts_failed_total", counter, "Attempts to log in that were refused", func(l *l) float64 { return float64(l.Failed) }},
	}
}

func churnMetrics() []metric[stats.Totals] {
	type t = stats.Totals
	return []metric[t]{
		{"connections_opened_total", counter, "Connections opened", func(t *t) float64 { return float64(t.Churn.ConnectionsOpened) }},
		{"connections_closed_total", counter, "Connections closed", func(t *t) float64 { return float64(t.Churn.ConnectionsClosed) }},
		{"channels_opened_total", counter, "Channels opened", func(t *t) float64 { return float64(t.Churn.ChannelsOpened) }},
		{"channels_closed_total", counter, "Channels closed", func(t *t) float64 { return float64(t.Churn.ChannelsClosed) }},
		{"queues_declared_total", counter, "Queues declared, new or not", func(t *t) float64 { return float64(t.Churn.QueuesDeclared) }},
		{"queues_created_total", counter, "Queues created", func(t *t) float64 { return float64(t.Churn.QueuesCreated) }},
		{"queues_deleted_total", counter, "Queues deleted", func(t *t) float64 { return float64(t.Churn.QueuesDeleted) }},
	}
}

func totalMetrics() []metric[stats.Totals] {
	type t = stats.Totals
	return []metric[t]{
		{"connections", gauge, "Connections that are open", func(t *t) float64 { return float64(t.Connections) }},
		{"channels", gauge, "Channels that are open", func(t *t) float64 { return float64(t.Channels) }},
		{"consumers", gauge, "Consumers", func(t *t) float64 { return float64(t.Consumers) }},
		{"queues", gauge, "Queues", func(t *t) float64 { return float64(t.Queues) }},
	}
}

// identify tells who the node is: dashboards join everything else with that.
func identify(p *page, n *stats.Node, endpoint string) {
	tellInfo(p, prefix+"build_info", "Versions",
		[]string{"rabbitmq_version", "prometheus_plugin_version", "prometheus_client_version", "erlang_version", "product_version", "product_name"},
		[]string{n.Version, n.Version, "", strings.TrimPrefix(runtime.Version(), "go"), n.Build, "LepusMQ"})
	tellInfo(p, prefix+"identity_info", "Names of the node and its cluster",
		[]string{"rabbitmq_node", "rabbitmq_cluster", "rabbitmq_cluster_permanent_id", "rabbitmq_endpoint"},
		[]string{n.Name, n.ClusterName, n.ClusterID, endpoint})
}

// tellInfo tells what is all in the labels.
func tellInfo(p *page, name, help string, labels, values []string) {
	p.family(name, untyped, help)
	p.sample(name, appendLabels(nil, labels, values), 1)
}

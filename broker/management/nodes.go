package management

import (
	"fmt"
	"runtime"
)

func nodeResources() []resource {
	return []resource{
		{path: "nodes", read: monitor, get: listNodes},
		{path: "nodes/{node}", read: monitor, get: getNode},
		{path: "nodes/{node}/memory", read: monitor, get: getMemory(false)},
		{path: "nodes/{node}/memory/relative", read: monitor, get: getMemory(true)},
	}
}

func listNodes(q *request) error {
	return q.list(rows([]object{q.nodeRow()}, "name"))
}

func getNode(q *request) error {
	if q.arg("node") != q.server.nodeName() {
		return notFound()
	}
	return q.show(q.nodeRow())
}

func (q *request) nodeRow() object {
	n, spans := q.server.broker.Node(), q.spans()
	if q.plain() {
		return object{"name": n.Name, "type": "disc", "running": true}
	}
	row := object{
		"name": n.Name, "rabbitmq_version": n.Version, "erlang_version": runtime.Version(),
		"erlang_full_version": runtime.Version(), "crypto_lib_version": runtime.Version(), "type": "disc", "running": true, "being_drained": n.BeingDrained,
		"uptime": age(n.Started), "os_pid": fmt.Sprint(n.PID), "processors": n.Processors, "run_queue": n.RunQueue,
		"mem_limit": max(n.MemoryLimit, 0), "mem_alarm": n.MemoryAlarm, "mem_calculation_strategy": "rss",
		"disk_free_limit": max(n.DiskLimit, 0), "disk_free_alarm": n.DiskAlarm,
		"fd_total": n.FDTotal, "sockets_total": n.FDTotal, "proc_total": 1 << 20,
		"rates_mode": ratesMode, "net_ticktime": 60, "partitions": []string{}, "cluster_links": []object{},
		"exchange_types": exchangeTypes(), "auth_mechanisms": mechanismRows(), "contexts": contextRows(&n),
		"applications": []object{
			{"name": "rabbit", "description": "RabbitMQ", "version": n.Version},
			{"name": "lepus", "description": "LepusMQ", "version": n.Build},
		},
		"enabled_plugins": []string{"rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_shovel"},
		"db_dir":          n.DataDir, "config_files": append([]string{}, n.ConfigFiles...), "log_files": append([]string{}, n.LogFiles...),
		"metrics_gc_queue_length": uncounted(
			"connection_closed", "channel_closed", "consumer_deleted", "exchange_deleted", "queue_deleted", "vhost_deleted",
			"node_node_deleted", "channel_consumer_deleted"),
		"ra_open_file_metrics": uncounted("ra_log_wal", "ra_log_segment_writer"),
	}
	h, now := q.history(theNode, &spans), nodeSample(&n)
	h.put(row, 0, nodeNames(), now, spans.node)
	totals, err := q.server.broker.Totals("")
	if err != nil {
		return row // it is for no virtual host that it could miss
	}
	h, now = q.history(theBroker, &spans), totalsSample(&totals)
	h.put(row, afterAt, churnNames(), now, spans.node)
	for i, name := range []string{"msg_store_read_count", "msg_store_write_count"} {
		at := messagesAt + len(messageNames()) - 2 + i // what was read and written is last among them
		row[name], row[name+"_details"] = now[at], h.details(at, spans.node)
	}
	addUncounted(row)
	return row
}

// addUncounted adds what RabbitMQ counts of its own works: those are not ours.
func addUncounted(row object) {
	for _, name := range []string{
		"gc_num", "gc_bytes_reclaimed", "context_switches", "io_read_count", "io_read_bytes", "io_read_avg_time",
		"io_write_count", "io_write_bytes", "io_write_avg_time", "io_sync_count", "io_sync_avg_time", "io_seek_count",
		"io_seek_avg_time", "io_reopen_count", "mnesia_ram_tx_count", "mnesia_disk_tx_count",
		"queue_index_read_count", "queue_index_write_count",
	} {
		row[name], row[name+"_details"] = 0, object{"rate": rate(0)}
	}
}

// uncounted is an object of counts that are always 0.
func uncounted(names ...string) object {
	o := object{}
	for _, name := range names {
		o[name] = 0
	}
	return o
}

func mechanismRows() []object {
	var all []object
	for _, name := range []string{"PLAIN", "AMQPLAIN"} {
		all = append(all, object{"name": name, "description": "SASL " + name + " authentication mechanism", "enabled": true})
	}
	return all
}

// getMemory tells what the memory is used for, as far as is known: all of it is the
// process's. The other parts are there for clients that look for them.
func getMemory(relative bool) handler {
	return func(q *request) error {
		if q.arg("node") != q.server.nodeName() {
			return notFound()
		}
		used := max(q.server.broker.Node().MemoryUsed, 0)
		parts := object{"strategy": "rss", "total": object{"rss": used, "allocated": used, "erlang": used}}
		if relative {
			used = 100
			parts = object{"total": used}
		}
		for _, name := range memoryParts() {
			parts[name] = 0
		}
		parts["other_system"] = used
		return q.show(object{"memory": parts})
	}
}

// memoryParts are what RabbitMQ uses memory for.
func memoryParts() []string {
	return []string{
		"connection_readers", "connection_writers", "connection_channels", "connection_other", "queue_procs",
		"queue_slave_procs", "quorum_queue_procs", "quorum_queue_dlx_procs", "stream_queue_procs", "stream_queue_replica_reader_procs",
		"stream_queue_coordinator_procs", "plugins", "metadata_store", "metadata_store_ets", "other_proc", "metrics",
		"mgmt_db", "mnesia", "quorum_ets", "other_ets", "binary", "msg_index", "code", "atom", "other_system",
		"allocated_unused", "reserved_unallocated",
	}
}

package management

import (
	"fmt"

	"github.com/lepusmq/lepus/broker/stats"
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
	row := object{
		"name": n.Name, "type": "disc", "running": true, "being_drained": false,
		"uptime": age(n.Started), "os_pid": fmt.Sprint(n.PID), "processors": n.Processors, "run_queue": n.RunQueue,
		"mem_limit": n.MemoryLimit, "mem_alarm": n.MemoryAlarm, "mem_calculation_strategy": "rss",
		"disk_free_limit": n.DiskLimit, "disk_free_alarm": n.DiskAlarm,
		"fd_total": n.FDTotal, "sockets_total": n.FDTotal, "proc_total": 1 << 20,
		"rates_mode": ratesMode, "net_ticktime": 60, "partitions": []string{}, "cluster_links": []object{},
		"exchange_types": exchangeTypes(), "auth_mechanisms": mechanismRows(), "contexts": contextRows(&n),
		"applications": []object{
			{"name": "rabbit", "description": "RabbitMQ", "version": n.Version},
			{"name": "lepus", "description": "LepusMQ", "version": n.Build},
		},
		"enabled_plugins": []string{"rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_shovel"},
		"db_dir":          n.DataDir, "config_files": []string{}, "log_files": []string{},
		"metrics_gc_queue_length": object{}, "ra_open_file_metrics": object{},
	}
	h, now := q.history(theNode, &spans), nodeSample(&n)
	h.put(row, 0, nodeNames(), now, spans.node)
	totals, err := q.server.broker.Totals("")
	if err != nil {
		return row // it is for no virtual host that it could miss
	}
	h, now = q.history(theBroker, &spans), totalsSample(&totals)
	h.put(row, afterAt, churnNames(), now, spans.node)
	row["msg_store_read_count"], row["msg_store_write_count"] = totals.Messages.DiskReads, totals.Messages.DiskWrites
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

func mechanismRows() []object {
	var all []object
	for _, name := range []string{"PLAIN", "AMQPLAIN"} {
		all = append(all, object{"name": name, "description": "SASL " + name + " authentication mechanism", "enabled": true})
	}
	return all
}

// getMemory tells what the memory is used for, as far as is known: all of it is the
// process's.
func getMemory(relative bool) handler {
	return func(q *request) error {
		if q.arg("node") != q.server.nodeName() {
			return notFound()
		}
		n := q.server.broker.Node()
		if relative {
			return q.show(object{"memory": object{"total": 100, "other_system": 100}})
		}
		return q.show(object{"memory": memoryOf(&n)})
	}
}

func memoryOf(n *stats.Node) object {
	return object{
		"strategy": "rss", "other_system": n.MemoryUsed,
		"total": object{"rss": n.MemoryUsed, "allocated": n.MemoryUsed, "erlang": n.MemoryUsed},
	}
}

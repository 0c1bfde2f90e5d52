package broker

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/lepusmq/lepus/broker/stats"
)

// Totals returns what a virtual host comes to, or the broker if it is "". What
// connections and channels have come and gone is known of those that had entered
// a virtual host. Errors: ErrNoVHost.
func (b *Broker) Totals(vhost string) (stats.Totals, error) {
	if vhost != "" {
		h := b.residents.host(vhost)
		if h == nil {
			return stats.Totals{}, fmt.Errorf("virtual host %q: %w", vhost, ErrNoVHost)
		}
		return b.residents.totals(h), nil
	}
	hosts, all := b.residents.counted()
	for _, h := range hosts {
		t := b.residents.totals(h)
		all.Add(&t)
	}
	return all, nil
}

// Received returns what publishers have sent since the start, by size: what
// RabbitMQ's message_size_stats shows. Any goroutine may call it.
func (b *Broker) Received() stats.Received { return b.residents.receivedByAll() }

// Node returns the state of the process and of its machine.
func (b *Broker) Node() stats.Node {
	n := stats.Node{
		Name: b.cfg.NodeName, ClusterName: b.ClusterName(), ClusterID: b.ClusterID(), Version: b.cfg.Version, Build: b.cfg.Build,
		Started: b.begun, PID: os.Getpid(), DataDir: b.cfg.DataDir, ConfigFiles: b.cfg.ConfigFiles, LogFiles: b.cfg.LogFiles,
		Processors: runtime.NumCPU(), Goroutines: runtime.NumGoroutine(),
		RunQueue:    int(readMetric("/sched/goroutines/runnable:goroutines")),
		Collections: uint64(readMetric("/gc/cycles/total:gc-cycles")), Collected: uint64(readMetric("/gc/heap/frees:bytes")),
		MemoryUsed: memoryUsed(), MemoryLimit: known(b.memory.watermark.Load()), MemoryTotal: known(AvailableMemory()),
		DiskFree: -1, DiskLimit: -1, FDUsed: openFiles(), FDTotal: fileLimit(),
		Sockets: len(b.sessions.all()), Listeners: b.Listeners(), BeingDrained: b.sessions.isDrained(),
	}
	if b.store != nil {
		n.DiskFree, n.DiskLimit = b.store.Room()
	}
	reads, writes, syncs := b.files.Counts()
	n.Reads, n.Writes, n.Syncs = stats.IO(reads), stats.IO(writes), stats.IO(syncs)
	on := b.alarms.raised()
	n.MemoryAlarm, n.DiskAlarm = on&MemoryAlarm != 0, on&DiskAlarm != 0
	n.WebLogins = b.webLogins.counts() // before those of all, of which they are a part
	succeeded, failed := b.users.Logins()
	n.Logins = stats.Logins{Succeeded: succeeded - n.WebLogins.Succeeded, Failed: failed - n.WebLogins.Failed}
	return n
}

// known is a size of which 0 says that nobody knows it.
func known(size int64) int64 {
	if size == 0 {
		return -1
	}
	return size
}

// openFiles is how many files and sockets the process has open; -1 where the
// kernel does not say.
func openFiles() int {
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(all) - 1 // the folder itself
}

// fileLimit is how many there may be; -1 where that is not known.
func fileLimit() int {
	b, err := fs.ReadFile(os.DirFS("/"), "proc/self/limits")
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "Max open files"); ok {
			if fields := strings.Fields(rest); len(fields) > 0 {
				if n, err := strconv.Atoi(fields[0]); err == nil {
					return n
				}
			}
		}
	}
	return -1
}

// raised returns the alarms that are on.
func (a *alarms) raised() Alarm {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.on
}

package broker

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

const (
	// memoryEvery is how often the use of memory is looked at.
	memoryEvery = 250 * time.Millisecond
	// collectEvery is the least time between two collections that the watch
	// asks for, and collectShare the most of the time that they may take.
	collectEvery = 2 * time.Second
	collectShare = 10
)

// memoryWatch raises the memory alarm while the process uses more than the
// high watermark, and tells the Go runtime what it may use.
type memoryWatch struct {
	// immutable after newMemoryWatch
	log     *zap.Logger
	limit   int64 // 0: the runtime is left alone
	alarm   func(on bool)
	used    func() int64 // by the process
	heap    func() int64 // of it: what a collection could at best free
	collect func()
	soften  func(bytes int64) (before int64) // sets the runtime's soft limit

	// may be changed by anybody
	watermark atomic.Int64 // 0: there is no alarm
	changed   atomic.Bool  // the watermark, and the runtime has not been told

	// owned by whoever starts and ends the broker
	before int64 // the runtime's soft limit, restored at the end

	// owned by run
	on          bool
	collectNext time.Time
}

func newMemoryWatch(cfg *Config, alarm func(on bool)) *memoryWatch {
	m := &memoryWatch{
		log: cfg.Log, limit: cfg.MemoryLimit, alarm: alarm,
		used: memoryUsed, heap: heapMemory, collect: freeMemory, soften: debug.SetMemoryLimit,
	}
	m.watermark.Store(cfg.MemoryHighWatermark)
	if os.Getenv("GOMEMLIMIT") != "" {
		m.soften = func(int64) int64 { return 0 }
	}
	return m
}

// begin tells the runtime its limit.
func (m *memoryWatch) begin() {
	if m.limit > 0 {
		m.before = m.soften(m.softLimit())
	}
	if m.watches() {
		m.log.Info("memory", zap.Int64("limit", m.limit), zap.Int64("high watermark", m.watermark.Load()))
	}
}

// watches says whether there is anything to look at.
func (m *memoryWatch) watches() bool { return m.limit > 0 || m.watermark.Load() > 0 }

// setWatermark sets the use of memory above which publishers are blocked.
func (m *memoryWatch) setWatermark(bytes int64) {
	if bytes != m.watermark.Swap(bytes) {
		m.changed.Store(true)
		m.log.Info("memory", zap.Int64("limit", m.limit), zap.Int64("high watermark", bytes))
	}
}

// end gives the runtime back the limit it had; run has ended before.
func (m *memoryWatch) end() {
	if m.before > 0 {
		m.soften(m.before)
	}
}

// run looks at the use of memory until stop is closed.
func (m *memoryWatch) run(stop <-chan struct{}) {
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	for {
		m.look()
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}

// look compares once. The alarm ends a little below where it begins, so that a
// use which stays at the watermark does not switch it on and off.
func (m *memoryWatch) look() {
	if m.changed.Swap(false) && m.limit > 0 {
		m.soften(m.softLimit())
	}
	watermark := m.watermark.Load()
	line := watermark
	if watermark == 0 {
		line = math.MaxInt64
	}
	if m.on {
		line -= line / 20
	}
	used := m.used()
	if used > line && used-m.heap() <= line && m.mayCollect() {
		used = m.used()
	}
	if over := used > line; over != m.on {
		m.on = over
		m.log.Info("memory", zap.Int64("used", used), zap.Int64("high watermark", watermark))
		m.alarm(over)
		if m.limit > 0 {
			m.soften(m.softLimit())
		}
	}
}

// mayCollect frees what is garbage, and says whether it did: not if the last
// collection was a short while ago.
func (m *memoryWatch) mayCollect() bool {
	start := time.Now()
	if start.Before(m.collectNext) {
		return false
	}
	m.collect()
	end := time.Now()
	m.collectNext = end.Add(max(collectEvery, collectShare*end.Sub(start)))
	return true
}

// softLimit is what the runtime is told to stay below. That is the watermark,
// so that garbage alone raises no alarm. While the alarm is on there is more in
// use than that, and the runtime would collect all the time for nothing: then
// it is the limit, less what a process needs besides its heap.
func (m *memoryWatch) softLimit() int64 {
	soft := m.limit - m.limit/10
	if mark := m.watermark.Load(); mark > 0 && !m.on {
		soft = min(soft, mark-mark/20)
	}
	return soft
}

// freeMemory gives the system back what is garbage. What pools hold for use
// again is so only after a second collection.
func freeMemory() {
	runtime.GC()
	debug.FreeOSMemory()
}

// runtimeMemory returns what the Go runtime has of the system, in bytes.
func runtimeMemory() int64 {
	return readMetric("/memory/classes/total:bytes") - readMetric("/memory/classes/heap/released:bytes")
}

// heapMemory returns what the heap takes, used or free, in bytes.
func heapMemory() int64 {
	return readMetric("/memory/classes/heap/objects:bytes") + readMetric("/memory/classes/heap/unused:bytes") +
		readMetric("/memory/classes/heap/free:bytes")
}

func readMetric(name string) int64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0 // this version of Go does not know it
	}
	return int64(min(s[0].Value.Uint64(), math.MaxInt64))
}

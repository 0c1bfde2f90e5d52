package broker

import (
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

// process stands in for what a watch looks at, and notes what it does.
type process struct {
	mu            sync.Mutex
	live, garbage int64 // of the heap
	other         int64 // not of the heap
	takes         time.Duration
	start         time.Time
	collections   []time.Duration // when, from the start
	alarms        []bool
	soft          []int64
}

func (p *process) watch(limit, watermark int64) *memoryWatch {
	p.start = time.Now()
	m := &memoryWatch{
		log: zap.NewNop(), limit: limit,
		alarm: func(on bool) { p.alarms = append(p.alarms, on) },
		used:  func() int64 { return p.heap() + p.of(&p.other) },
		heap:  p.heap,
		collect: func() {
			p.collections = append(p.collections, time.Since(p.start))
			time.Sleep(p.takes)
			p.set(&p.garbage, 0)
		},
		soften: func(n int64) int64 { p.soft = append(p.soft, n); return math.MaxInt64 },
	}
	m.watermark.Store(watermark)
	return m
}

func (p *process) heap() int64 { return p.of(&p.live) + p.of(&p.garbage) }

func (p *process) of(part *int64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return *part
}

func (p *process) set(part *int64, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*part = bytes
}

// run runs the watch in a bubble while f changes the process; again lets it look
// once more.
func (p *process) run(t *testing.T, limit, watermark int64, f func(again func())) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		stop, ended := make(chan struct{}), make(chan struct{})
		m := p.watch(limit, watermark)
		m.begin()
		go func() { defer close(ended); m.run(stop) }()
		synctest.Wait()
		f(func() { time.Sleep(memoryEvery); synctest.Wait() })
		close(stop)
		<-ended
		m.end()
	})
}

func (p *process) wantAlarms(t *testing.T, want ...bool) {
	t.Helper()
	if !slices.Equal(p.alarms, want) {
		t.Errorf("alarms are %v, want %v", p.alarms, want)
	}
}

func TestMemoryAlarm(t *testing.T) {
	p := &process{}
	p.run(t, 0, 100, func(again func()) {
		for _, s := range []struct {
			used int64
			want []bool
		}{
			{100, nil},
			{101, []bool{true}},
			{99, []bool{true}}, // not low enough to end it
			{96, []bool{true}},
			{95, []bool{true, false}},
			{99, []bool{true, false}},
			{101, []bool{true, false, true}},
		} {
			p.set(&p.other, s.used)
			again()
			p.wantAlarms(t, s.want...)
		}
	})
	if len(p.soft) > 0 {
		t.Errorf("without a limit the runtime was told %d", p.soft)
	}
}

func TestMemoryIsLookedAtAtOnce(t *testing.T) {
	p := &process{other: 2}
	p.run(t, 0, 1, func(func()) { p.wantAlarms(t, true) })
}

func TestGarbageRaisesNoAlarm(t *testing.T) {
	p := &process{live: 50}
	p.run(t, 0, 100, func(again func()) {
		p.set(&p.garbage, 60)
		again()
		p.wantAlarms(t)
		if !slices.Equal(p.collections, []time.Duration{memoryEvery}) {
			t.Errorf("collections at %v", p.collections)
		}
	})
}

// A collection that cannot help is not worth its price.
func TestNoCollectionForWhatIsNotOfTheHeap(t *testing.T) {
	p := &process{garbage: 50, other: 101}
	p.run(t, 0, 100, func(again func()) { again() })
	p.wantAlarms(t, true)
	if len(p.collections) > 0 {
		t.Errorf("collections at %v", p.collections)
	}
}

// What was consumed during the alarm is garbage, and nothing else may come
// that has it collected.
func TestCollectionEndsTheAlarm(t *testing.T) {
	p := &process{}
	p.run(t, 0, 100, func(again func()) {
		p.set(&p.live, 120)
		again()
		p.wantAlarms(t, true)
		p.set(&p.garbage, 110)
		p.set(&p.live, 10)
		for range collectEvery / memoryEvery {
			again()
		}
		p.wantAlarms(t, true, false)
	})
}

func TestCollectionsAreRare(t *testing.T) {
	for takes, want := range map[time.Duration][]time.Duration{
		0:           {0, 2 * time.Second, 4 * time.Second, 6 * time.Second},
		time.Second: {0, 11 * time.Second, 22 * time.Second},
	} {
		p := &process{live: 200, takes: takes}
		p.run(t, 0, 100, func(again func()) {
			for range want[len(want)-1] / memoryEvery {
				again()
			}
		})
		if !slices.Equal(p.collections, want) {
			t.Errorf("taking %v, collections are at %v, want %v", takes, p.collections, want)
		}
	}
}

// The runtime keeps below the watermark by itself; when that cannot be done it
// is let go up to the limit.
func TestRuntimeIsToldItsLimit(t *testing.T) {
	p := &process{}
	p.run(t, 1000, 600, func(again func()) {
		p.set(&p.other, 700)
		again()
		p.set(&p.other, 500)
		again()
	})
	if want := []int64{570, 900, 570, math.MaxInt64}; !slices.Equal(p.soft, want) {
		t.Errorf("it was told %d, want %d", p.soft, want)
	}
	for watermark, want := range map[int64]int64{0: 900, 2000: 900, 1: 1} {
		if got := (&process{}).watch(1000, watermark).softLimit(); got != want {
			t.Errorf("with a watermark of %d it would be told %d, want %d", watermark, got, want)
		}
	}
}

func TestRuntimeIsLeftAlone(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	limited := start(t, Config{MemoryLimit: 1 << 40})
	if got := debug.SetMemoryLimit(-1); got != 1<<40-1<<40/10 {
		t.Errorf("with a limit of %d it was told %d", 1<<40, got)
	}
	_ = limited.Shutdown(t.Context())
	start(t, Config{MemoryHighWatermark: 1 << 40})
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("it was told %d, before it was %d", got, before)
	}
	t.Setenv("GOMEMLIMIT", "1TiB")
	start(t, Config{MemoryLimit: 1 << 30})
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("with GOMEMLIMIT it was told %d, before it was %d", got, before)
	}
}

func TestWatermarkRaisesTheAlarm(t *testing.T) {
	b := start(t, Config{MemoryHighWatermark: 1})
	for range 6000 {
		if alarmOn(b) == MemoryAlarm {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Error("there is no alarm")
}

func alarmOn(b *Broker) Alarm {
	b.alarms.mu.Lock()
	defer b.alarms.mu.Unlock()
	return b.alarms.on
}

// What is held shows in the figures.
func TestMemoryFigures(t *testing.T) {
	const size = 64 << 20
	freeMemory() // or it is taken from what earlier tests left
	used, heap, total := memoryUsed(), heapMemory(), runtimeMemory()
	held := make([]byte, size)
	for i := range held {
		held[i] = 1
	}
	for name, grown := range map[string]int64{"use": memoryUsed() - used, "heap": heapMemory() - heap, "runtime": runtimeMemory() - total} {
		if grown < size/2 {
			t.Errorf("%s grew by %d for %d bytes", name, grown, size)
		}
	}
	runtime.KeepAlive(held)
	if all := AvailableMemory(); all != 0 && all <= memoryUsed() {
		t.Errorf("%d of %d bytes are used", memoryUsed(), all)
	}
}

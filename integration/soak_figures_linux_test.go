package integration

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// figure is something that must not grow with time.
type figure struct {
	name string
	unit int64
	// The median of the last third may exceed that of the first by this part of it and by that much.
	percent, slack int64
}

// figures are what is measured of a server. What is freed in its memory is given back late and in pieces, disk is taken
// by whole files of the log.
func figures() []figure {
	const mib = 1 << 20
	return []figure{
		{"RSS MiB", mib, 10, 24 * mib},
		{"RssAnon MiB", mib, 10, 24 * mib},
		{"disk MiB", mib, 10, 64 * mib},
		{"overflow MiB", mib, 10, 32 * mib},
		{"descriptors", 1, 0, 8},
		{"threads", 1, 0, 8},
		{"goroutines", 1, 0, 8},
	}
}

// Places in figures.
const (
	figureRSS      = 0
	figureOverflow = 3
)

// tide says when a sample was taken.
type tide int

const (
	anyTide tide = iota
	lowTide
	highTide // all is published
)

// sample is one measurement: a value for each figure.
type sample struct {
	tide   tide
	values []int64
}

// meter measures a server from outside.
type meter struct {
	t          testing.TB
	server     *process
	dir        string
	goroutines goroutineCounter
	mu         sync.Mutex
	samples    []sample // guarded by mu
}

// run measures every now and then, until stop is closed.
func (m *meter) run(every time.Duration, stop <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			m.take(anyTide)
		case <-stop:
			return
		}
	}
}

func (m *meter) take(at tide) {
	pid := m.server.cmd.Process.Pid
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		m.t.Errorf("the server is gone: %v", err)
		return
	}
	descriptors, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		m.t.Error(err)
	}
	goroutines, err := m.goroutines.count(pid)
	if err != nil {
		m.t.Errorf("count goroutines: %v", err)
	}
	s := sample{at, []int64{
		statusField(status, "VmRSS") << 10, statusField(status, "RssAnon") << 10,
		diskUse(m.t, m.dir), diskUse(m.t, filepath.Join(m.dir, "overflow")),
		int64(len(descriptors)), statusField(status, "Threads"), int64(goroutines),
	}}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.samples = append(m.samples, s)
}

// statusField is a number in /proc/PID/status.
func statusField(status []byte, name string) (n int64) {
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			_, _ = fmt.Sscan(rest, &n)
		}
	}
	return n
}

// spread is what the values of a figure are like over some samples.
type spread struct{ min, median, max int64 }

func (s spread) in(unit int64) string {
	return fmt.Sprintf("%d / %d / %d", s.min/unit, s.median/unit, s.max/unit)
}

func spreadOf(samples []sample, figure int) spread {
	values := make([]int64, len(samples))
	for i, s := range samples {
		values[i] = s.values[figure]
	}
	slices.Sort(values)
	return spread{values[0], values[len(values)/2], values[len(values)-1]}
}

// verdict logs a table of all figures and fails the test for each that has grown from low tide to low tide. The first
// fifth of the samples does not count: what is made once and kept is made then.
func (m *meter) verdict() {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	low := m.at(lowTide)
	lows, all := thirds(low), thirds(m.samples)
	if lows == nil {
		m.t.Errorf("%d low tides are too few to compare", len(low))
		return
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...string) { fmt.Fprintln(w, strings.Join(cells, "\t")+"\t") }
	row("min / median / max", "low tide: first third", "second", "last", "always: first third", "second", "last")
	for i, f := range figures() {
		cells := []string{f.name}
		for _, part := range append(lows, all...) {
			cells = append(cells, spreadOf(part, i).in(f.unit))
		}
		row(cells...)
	}
	if err := w.Flush(); err != nil {
		m.t.Error(err)
	}
	m.t.Logf("%d low tides of %d, %d samples of %d, without the warm-up:\n%s", len(slices.Concat(lows...)), len(low),
		len(slices.Concat(all...)), len(m.samples), table.String())
	for i, f := range figures() {
		first, last := spreadOf(lows[0], i), spreadOf(lows[2], i)
		if limit := first.median + first.median*f.percent/100 + f.slack; last.median > limit {
			m.t.Errorf("%s at low tide grew from %s in the first third to %s in the last (min / median / max); a median of %d was tolerated",
				f.name, first.in(f.unit), last.in(f.unit), limit/f.unit)
		}
	}
}

// at returns the samples of a tide. Called with mu held.
func (m *meter) at(tide tide) []sample {
	return slices.DeleteFunc(slices.Clone(m.samples), func(s sample) bool { return s.tide != tide })
}

// limits are what a server may and must take beside not growing, in bytes.
type limits struct {
	rss      int64         // at most, at any time
	overflow int64         // at least, at high tide
	disk     int64         // at most, in the end
	within   time.Duration // of the end
}

// check fails the test for what is outside its limits. The last tide has ebbed.
func (m *meter) check(want limits) {
	m.t.Helper()
	begun, disk := time.Now(), diskUse(m.t, m.dir)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for ; disk > want.disk && time.Since(begun) < want.within; disk = diskUse(m.t, m.dir) {
		<-again.C
	}
	m.t.Logf("%d MiB on disk %v after the last tide", disk>>20, time.Since(begun).Round(time.Second/10))
	if disk > want.disk {
		m.t.Errorf("want %d MiB or less", want.disk>>20)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if rss := spreadOf(m.samples, figureRSS); rss.max > want.rss {
		m.t.Errorf("RSS was %s MiB (min / median / max), want %d or less", rss.in(1<<20), want.rss>>20)
	}
	overflow := spreadOf(m.at(highTide), figureOverflow)
	m.t.Logf("overflow at high tide: %s MiB (min / median / max)", overflow.in(1<<20))
	if overflow.min < want.overflow {
		m.t.Errorf("too little was spilled: want %d MiB or more", want.overflow>>20)
	}
}

// thirds parts samples after the warm-up, nil if they are too few.
func thirds(samples []sample) [][]sample {
	samples = samples[(len(samples)+4)/5:]
	n := len(samples)
	if n < 3 {
		return nil
	}
	return [][]sample{samples[:n/3], samples[n/3 : n-n/3], samples[n-n/3:]}
}

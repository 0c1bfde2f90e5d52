package broker

import (
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	// busyWait is some more than a client on the same machine takes to answer: to
	// wake its core, to read, and to write.
	busyWait = 60 * time.Microsecond
	// busyWaitCores is how many cores must be there for it: the broker's, and one
	// for whoever is to answer.
	busyWaitCores = 2
)

// defaultBusyWait returns how long it pays to keep a core awake: below 0, which is
// never, if the process may use less than two of them.
func defaultBusyWait() time.Duration {
	if coresOf(os.DirFS("/"), min(runtime.NumCPU(), runtime.GOMAXPROCS(0))) < busyWaitCores {
		return -1
	}
	return busyWait
}

// coresOf returns how many cores' worth of time a process may use that sees root as
// its file system: those of the machine, or less if a cgroup limits it.
func coresOf(root fs.FS, machine int) float64 {
	least := float64(machine)
	for _, dir := range cgroups(root, "cpu") {
		if n := quotaOf(root, dir); n > 0 {
			least = min(least, n)
		}
	}
	return least
}

// quotaOf returns how much time per time a cgroup may use; what is not above 0 is no
// limit.
func quotaOf(root fs.FS, dir string) float64 {
	// Version 2 has both in one file, version 1 in two.
	quota, period, ok := strings.Cut(cgroupText(root, dir, "cpu.max"), " ")
	if !ok {
		quota, period = cgroupText(root, dir, "cpu.cfs_quota_us"), cgroupText(root, dir, "cpu.cfs_period_us")
	}
	// No limit is "max", or below 0.
	q, err := strconv.ParseFloat(quota, 64)
	p, err2 := strconv.ParseFloat(period, 64)
	if err != nil || err2 != nil {
		return 0
	}
	return q / p
}

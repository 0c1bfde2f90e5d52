package broker

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Where Linux mounts the cgroup hierarchies that may limit memory.
const (
	cgroupMount   = "sys/fs/cgroup"
	cgroupV1Mount = "sys/fs/cgroup/memory"
)

// memoryOf returns how much memory, in bytes, a process may use that sees root
// as its file system: the machine's, or less if a cgroup limits it. It is 0 if
// neither is known.
func memoryOf(root fs.FS) int64 {
	least := int64(0)
	for _, n := range append(cgroupLimits(root), fieldBytes(root, "proc/meminfo", "MemTotal")) {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// cgroupLimits returns the limits of this process's cgroups and of those
// around them.
func cgroupLimits(root fs.FS) []int64 {
	b, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	var limits []int64
	for line := range strings.Lines(string(b)) {
		// hierarchy:controllers:path; version 2 is hierarchy 0, which names no controllers.
		id, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, ok := strings.Cut(rest, ":")
		switch {
		case !ok:
		case id == "0" && controllers == "":
			limits = append(limits, limitsAbove(root, cgroupMount, group, "memory.max", "memory.high")...)
		case slices.Contains(strings.Split(controllers, ","), "memory"):
			limits = append(limits, limitsAbove(root, cgroupV1Mount, group, "memory.limit_in_bytes")...)
		}
	}
	return limits
}

// limitsAbove reads limits from a cgroup up to where its hierarchy is mounted.
// A container may see its own group there and nothing on the way: what is
// missing limits nothing.
func limitsAbove(root fs.FS, mount, group string, files ...string) []int64 {
	var limits []int64
	for group = path.Clean("/" + group); ; group = path.Dir(group) {
		for _, f := range files {
			b, err := fs.ReadFile(root, path.Join(mount, group, f))
			if err != nil {
				continue
			}
			// No limit is "max", which is no number.
			if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil {
				limits = append(limits, n)
			}
		}
		if group == "/" {
			return limits
		}
	}
}

// fieldBytes returns a field, which is in kB, of a file of /proc as bytes; 0 if
// it is not there.
func fieldBytes(root fs.FS, file, field string) int64 {
	b, err := fs.ReadFile(root, file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(line, ":")
		if name != field {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		if err != nil {
			return 0
		}
		return n << 10
	}
	return 0
}

package broker

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// cgroupMount is where Linux mounts the cgroups: those of version 2, and in a folder
// for each controller those of version 1.
const cgroupMount = "sys/fs/cgroup"

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
	var limits []int64
	for _, dir := range cgroups(root, "memory") {
		// The last is that of version 1.
		for _, f := range []string{"memory.max", "memory.high", "memory.limit_in_bytes"} {
			// No limit is "max", which is no number.
			if n, err := strconv.ParseInt(cgroupText(root, dir, f), 10, 64); err == nil {
				limits = append(limits, n)
			}
		}
	}
	return limits
}

// cgroups returns the folders of the cgroups of a controller that this process is
// in, from its own up to where they are mounted. A container may see its own group
// there and nothing on the way: what is missing limits nothing.
func cgroups(root fs.FS, controller string) []string {
	b, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	var dirs []string
	for line := range strings.Lines(string(b)) {
		// hierarchy:controllers:path; version 2 is hierarchy 0, which names no controllers.
		id, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, ok := strings.Cut(rest, ":")
		switch {
		case !ok:
		case id == "0" && controllers == "":
			dirs = append(dirs, upwards(cgroupMount, group)...)
		case slices.Contains(strings.Split(controllers, ","), controller):
			dirs = append(dirs, upwards(path.Join(cgroupMount, controller), group)...)
		}
	}
	return dirs
}

// cgroupText returns what a file of a cgroup says; nothing if it is not there.
func cgroupText(root fs.FS, dir, file string) string {
	b, err := fs.ReadFile(root, path.Join(dir, file))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// upwards returns a folder below mount and all that it is in, mount as the last.
func upwards(mount, dir string) []string {
	var dirs []string
	for dir = path.Clean("/" + dir); ; dir = path.Dir(dir) {
		dirs = append(dirs, path.Join(mount, dir))
		if dir == "/" {
			return dirs
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

package broker

import (
	"testing"
	"testing/fstest"
)

func TestMemoryOfMachineAndCgroup(t *testing.T) {
	const (
		machine = "MemTotal:       16384 kB\nMemFree:         1000 kB\n"
		v2      = "0::/a/b\n"
		v1      = "5:cpu,cpuacct:/elsewhere\n4:hugetlb,memory:/docker/c1\n1:name=systemd:/\n0::/\n"
		noLimit = "9223372036854771712\n" // what version 1 says without one
		mib     = 1 << 20
	)
	tests := map[string]struct {
		files map[string]string
		want  int64
	}{
		"nothing known":  {nil, 0},
		"a machine":      {map[string]string{"proc/meminfo": machine}, 16 * mib},
		"a machine only": {map[string]string{"proc/meminfo": machine, "proc/self/cgroup": v2}, 16 * mib},
		"version 2": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": v2, "sys/fs/cgroup/a/b/memory.max": "8388608\n",
		}, 8 * mib},
		"version 2 without a limit": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": v2,
			"sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/b/memory.high": "max\n",
		}, 16 * mib},
		"version 2 throttled below its limit": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": v2,
			"sys/fs/cgroup/a/b/memory.max": "8388608\n", "sys/fs/cgroup/a/b/memory.high": "4194304\n",
		}, 4 * mib},
		"a group around it is smaller": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": v2,
			"sys/fs/cgroup/a/b/memory.max": "8388608\n", "sys/fs/cgroup/a/memory.max": "2097152\n",
		}, 2 * mib},
		"a group beside it is smaller": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": v2,
			"sys/fs/cgroup/a/b/memory.max": "8388608\n", "sys/fs/cgroup/a/c/memory.max": "2097152\n",
		}, 8 * mib},
		"a container's own root": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "8388608\n",
		}, 8 * mib},
		"a group outside the container's root": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "0::/../x\n", "sys/fs/cgroup/memory.max": "8388608\n",
			"sys/fs/x/memory.max": "1048576\n",
		}, 8 * mib},
		"a limit beyond the machine": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": v2, "sys/fs/cgroup/a/b/memory.max": "99999999999\n",
		}, 16 * mib},
		"version 1": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": v1,
			"sys/fs/cgroup/memory/docker/c1/memory.limit_in_bytes": "8388608\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":           noLimit,
			"sys/fs/cgroup/memory/elsewhere/memory.limit_in_bytes": "1048576\n",
		}, 8 * mib},
		"version 1, mounted as the container's root": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": v1,
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "8388608\n",
		}, 8 * mib},
		"version 1 without a limit": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": v1,
			"sys/fs/cgroup/memory/docker/c1/memory.limit_in_bytes": noLimit,
		}, 16 * mib},
		"a limit only": {map[string]string{
			"proc/self/cgroup": v2, "sys/fs/cgroup/a/b/memory.max": "8388608",
		}, 8 * mib},
		"rubbish": {map[string]string{
			"proc/meminfo": "MemTotal\nMemTotal: many kB\n", "proc/self/cgroup": "\nx\n0:\n", "sys/fs/cgroup/memory.max": "-1\n",
		}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			root := fstest.MapFS{}
			for file, text := range tt.files {
				root[file] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := memoryOf(root); got != tt.want {
				t.Errorf("%d bytes, want %d", got, tt.want)
			}
		})
	}
}

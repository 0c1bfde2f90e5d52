package broker

import (
	"testing"
	"testing/fstest"
)

func TestCoresOfMachineAndCgroup(t *testing.T) {
	const (
		v2 = "0::/a/b\n"
		v1 = "5:memory:/elsewhere\n4:cpu,cpuacct:/docker/c1\n"
	)
	for name, test := range map[string]struct {
		files map[string]string
		want  float64
	}{
		"nothing known":   {nil, 8},
		"version 2":       {map[string]string{"proc/self/cgroup": v2, "sys/fs/cgroup/a/b/cpu.max": "150000 100000\n"}, 1.5},
		"no limit":        {map[string]string{"proc/self/cgroup": v2, "sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, 8},
		"more than there": {map[string]string{"proc/self/cgroup": v2, "sys/fs/cgroup/a/b/cpu.max": "1600000 100000\n"}, 8},
		"no numbers":      {map[string]string{"proc/self/cgroup": v2, "sys/fs/cgroup/a/b/cpu.max": "\n"}, 8},
		"a group around it may do less": {map[string]string{
			"proc/self/cgroup": v2, "sys/fs/cgroup/a/b/cpu.max": "400000 100000\n", "sys/fs/cgroup/a/cpu.max": "100000 200000\n",
		}, 0.5},
		"version 1": {map[string]string{
			"proc/self/cgroup": v1, "sys/fs/cgroup/cpu/docker/c1/cpu.cfs_quota_us": "200000\n", "sys/fs/cgroup/cpu/docker/c1/cpu.cfs_period_us": "100000\n",
			"sys/fs/cgroup/cpu/elsewhere/cpu.cfs_quota_us": "1000\n", "sys/fs/cgroup/cpu/elsewhere/cpu.cfs_period_us": "100000\n",
		}, 2},
		"version 1, no limit": {map[string]string{
			"proc/self/cgroup": v1, "sys/fs/cgroup/cpu/docker/c1/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/docker/c1/cpu.cfs_period_us": "100000\n",
		}, 8},
	} {
		root := fstest.MapFS{}
		for path, text := range test.files {
			root[path] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := coresOf(root, 8); got != test.want {
			t.Errorf("%s: %v cores, want %v", name, got, test.want)
		}
	}
}

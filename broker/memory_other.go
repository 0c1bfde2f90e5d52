//go:build !linux

package broker

// AvailableMemory returns how much memory, in bytes, this process may use: the
// machine's, or less if a cgroup limits it. It is 0 where that is not known.
func AvailableMemory() int64 { return 0 }

func memoryUsed() int64 { return runtimeMemory() }

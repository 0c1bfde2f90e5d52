package broker

import (
	"cmp"
	"os"
	"runtime"
)

// AvailableMemory returns how much memory, in bytes, this process may use: the
// machine's, or less if a cgroup limits it. It is 0 where that is not known.
func AvailableMemory() int64 { return memoryOf(os.DirFS("/")) }

// availableCores returns how many cores' worth of time this process may use: those
// of the machine, or less if a cgroup limits it.
func availableCores() float64 {
	return coresOf(os.DirFS("/"), min(runtime.NumCPU(), runtime.GOMAXPROCS(0)))
}

// memoryUsed counts what cannot be dropped and read again: mapped files, such
// as the store's tables, are the kernel's to keep or to let go.
func memoryUsed() int64 {
	return cmp.Or(fieldBytes(os.DirFS("/"), "proc/self/status", "RssAnon"), runtimeMemory())
}

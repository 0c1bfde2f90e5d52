package broker

import (
	"cmp"
	"os"
)

// AvailableMemory returns how much memory, in bytes, this process may use: the
// machine's, or less if a cgroup limits it. It is 0 where that is not known.
func AvailableMemory() int64 { return memoryOf(os.DirFS("/")) }

// memoryUsed counts what cannot be dropped and read again: mapped files, such
// as the store's tables, are the kernel's to keep or to let go.
func memoryUsed() int64 {
	return cmp.Or(fieldBytes(os.DirFS("/"), "proc/self/status", "RssAnon"), runtimeMemory())
}

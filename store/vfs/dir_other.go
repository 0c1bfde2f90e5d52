//go:build !unix

package vfs

// syncDir does nothing: directories cannot be synced here, names are kept by
// the file system's own journal.
func syncDir(string) error { return nil }

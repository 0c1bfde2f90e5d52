//go:build !unix

package integration

import "io/fs"

// allocated is how much room a file takes on the disk, in bytes, as far as one can tell here.
func allocated(file fs.FileInfo) int64 { return file.Size() }

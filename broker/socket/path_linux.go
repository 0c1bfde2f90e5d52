package socket

import (
	"fmt"
	"os"
	"path/filepath"
)

// maxSocketPath is how long the name of a Unix socket may be, see unix(7).
const maxSocketPath = 107

// shortPath returns a name for path that is short enough for a socket, until
// release is called.
func shortPath(path string) (short string, release func(), err error) {
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { _ = dir.Close() }, nil
}

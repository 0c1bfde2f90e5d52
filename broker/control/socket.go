package control

import (
	"context"
	"fmt"
	"net"
	"path/filepath"

	"github.com/lepusmq/lepus/broker/socket"
)

// socketName is what the socket is called in the data folder.
const socketName = "lepus.sock"

// Socket returns the path of the socket of the broker whose data folder this
// is.
func Socket(dataDir string) string { return filepath.Join(dataDir, socketName) }

// Listen listens on the socket at path, which only the user of this process may
// open. Closing the listener removes the socket.
func Listen(path string) (net.Listener, error) {
	l, err := socket.Listen(path, 0o600)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return l, nil
}

// Dial connects to the socket at path.
func Dial(ctx context.Context, path string) (net.Conn, error) { return socket.Dial(ctx, path) }

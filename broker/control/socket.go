package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// socketName is what the socket is called in the data folder.
const socketName = "lepus.sock"

// staleWait is how long somebody who listens already is given to show it.
const staleWait = time.Second

// Socket returns the path of the socket of the broker whose data folder this
// is.
func Socket(dataDir string) string { return filepath.Join(dataDir, socketName) }

// Listen listens on the socket at path, which only the user of this process may
// open. It replaces one that a broker left behind that did not end in order, and
// refuses to if somebody still listens there. Closing the listener removes the
// socket.
func Listen(path string) (net.Listener, error) {
	ctx, cancel := context.WithTimeout(context.Background(), staleWait)
	defer cancel()
	if conn, err := Dial(ctx, path); err == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("control socket %s: another process listens there", path)
	}
	l, err := listenPrivately(path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return &socket{UnixListener: l, path: path}, nil
}

// listenPrivately makes the socket in a folder that nobody else can enter and
// moves it to its place when its rights are set, so that there is no moment at
// which others could open it.
func listenPrivately(path string) (*net.UnixListener, error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".sock")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	made := filepath.Join(dir, "s")
	short, release, err := shortPath(made)
	if err != nil {
		return nil, err
	}
	defer release()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it will have another name
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, path)); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// socket is a listener that removes its socket.
type socket struct {
	*net.UnixListener
	path string
}

// Close ends the listener and removes the socket.
func (s *socket) Close() error {
	if err := s.UnixListener.Close(); err != nil {
		return err
	}
	return os.Remove(s.path)
}

// Dial connects to the socket at path.
func Dial(ctx context.Context, path string) (net.Conn, error) {
	short, release, err := shortPath(path)
	if err != nil {
		return nil, err
	}
	defer release()
	return new(net.Dialer).DialContext(ctx, "unix", short)
}

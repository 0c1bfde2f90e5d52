// Package socket is Unix sockets as servers have them: with the rights that they
// are to have from the first moment, in place of one that was left behind, and gone
// with their listener.
package socket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// staleWait is how long somebody who listens already is given to show it.
const staleWait = time.Second

// Listen listens on a socket at path, whose rights are mode. It replaces one that a
// process left behind that did not end in order, and refuses to if somebody still
// listens there, or if what is there is no socket. Closing the listener removes the
// socket.
func Listen(path string, mode fs.FileMode) (*Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != fs.ModeSocket {
		return nil, fmt.Errorf("%s is there, and is no socket", path)
	}
	ctx, cancel := context.WithTimeout(context.Background(), staleWait)
	defer cancel()
	if conn, err := Dial(ctx, path); err == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("%s: another process listens there", path)
	}
	l, err := listenAside(path, mode)
	if err != nil {
		return nil, err
	}
	return &Listener{UnixListener: l, path: path}, nil
}

// listenAside makes the socket in a folder that nobody else can enter and moves it
// to its place when its rights are set, so that there is no moment at which others
// could open it.
func listenAside(path string, mode fs.FileMode) (*net.UnixListener, error) {
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
	if err := errors.Join(os.Chmod(made, mode), os.Rename(made, path)); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// Listener listens on a socket.
type Listener struct {
	*net.UnixListener
	path  string
	count atomic.Uint64 // of connections
}

// Accept implements [net.Listener]. Peers have no address: theirs is the socket's
// path with a number, so that each has a name of its own.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.AcceptUnix()
	if err != nil {
		return nil, err
	}
	return &conn{UnixConn: c, local: addr(l.path), remote: addr(fmt.Sprintf("%s:%d", l.path, l.count.Add(1)))}, nil
}

// Continue has the numbers of connections go on after those of a listener that was at
// the path before and has ended. It is called before the first Accept.
func (l *Listener) Continue(before *Listener) { l.count.Store(before.count.Load()) }

// Addr implements [net.Listener]: it is the path.
func (l *Listener) Addr() net.Addr { return addr(l.path) }

// Close ends the listener and removes the socket.
func (l *Listener) Close() error {
	if err := l.UnixListener.Close(); err != nil {
		return err
	}
	return os.Remove(l.path)
}

// conn is a connection by a socket.
type conn struct {
	*net.UnixConn
	local, remote addr
}

// LocalAddr implements [net.Conn].
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements [net.Conn].
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// addr is a place on this machine.
type addr string

// Network implements [net.Addr].
func (a addr) Network() string { return "unix" }

// String implements [net.Addr].
func (a addr) String() string { return string(a) }

// Dial connects to the socket at path.
func Dial(ctx context.Context, path string) (net.Conn, error) {
	short, release, err := shortPath(path)
	if err != nil {
		return nil, err
	}
	defer release()
	return new(net.Dialer).DialContext(ctx, "unix", short)
}

//go:build !unix

package broker

import "net"

// socketPair returns the two ends of a connection within this process. It has no
// buffers: each write waits for its read.
func socketPair() (client, server net.Conn, err error) {
	client, server = net.Pipe()
	return client, server, nil
}

//go:build !unix

package session

import "errors"

// canTry says that the platform has reads and writes that do not wait.
const canTry = false

var errWouldBlock = errors.New("session: would block")

func tryRead(uintptr, []byte) (int, error)  { return 0, errWouldBlock }
func tryWrite(uintptr, []byte) (int, error) { return 0, errWouldBlock }

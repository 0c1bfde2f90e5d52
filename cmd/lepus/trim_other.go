//go:build !linux

package main

// keepTrimmed does nothing on this platform.
func keepTrimmed() (stop func()) { return func() {} }

//go:build !linux

package main

// trimProgram does nothing on this platform.
func trimProgram() {}

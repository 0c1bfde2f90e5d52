//go:build !linux

package main

// politeness is nil, which is never, on this platform.
func politeness() func(on bool) { return nil }

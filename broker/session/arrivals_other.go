//go:build !linux

package session

// arrivals says on which of many sockets something has come: on this platform there
// are none.
type arrivals struct{}

func openArrivals() *arrivals                   { return nil }
func (*arrivals) add(uintptr)                   {}
func (*arrivals) remove(uintptr)                {}
func (*arrivals) next() (fd uintptr, came bool) { return 0, false }
func (*arrivals) close()                        {}

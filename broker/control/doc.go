// Package control is how the machine's administrator talks to a broker: over a
// Unix socket in its data folder, which only the user may open whom the broker
// runs as.
package control

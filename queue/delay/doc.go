// Package delay orders messages by when they are due. It is the pure half of
// queue.Delay: no clock, no lock and no I/O. Commands come with the time, and
// Next says what is to be done: read, move, release, or wait until when.
//
// Messages lie in buckets by the time at which they are due. A bucket is far,
// and then only a count and perhaps what is not written yet, until its time is
// near; then it is open, and has a few octets for each message in memory. Bodies are
// read shortly before they are due.
package delay

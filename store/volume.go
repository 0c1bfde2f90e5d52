package store

import "math"

const (
	defaultSegment = 16 << 20
	minSegment     = 1 << 20
	// memtable is the size of Badger's memtables: a transaction can have 15 %
	// of it. batchBytes, how large transactions become, stays below that. One becomes
	// a table for which Badger's 2 MiB of buffer are enough (DESIGN.md 13.18).
	memtable   = 3 << 19
	batchBytes = memtable / 16
)

// volume says how much of the volume that the store lies on may be used for
// what, in bytes.
type volume struct {
	segment int64 // size of the log's files
	spare   int64 // free files of the log, at most, beyond its reserve
	least   int64 // of log between two checkpoints
	most    int64 // of log between two checkpoints
	// Below low publishers are to wait. Below floor nothing is written to
	// Badger any more, which faults when the disk is full: it may still have
	// so much to write in the background. stop is what it needs at once.
	low, floor, stop int64
	fits             int64 // what low is unless somebody decides otherwise
}

// volumeOf shares out a volume of so many bytes. Where its size cannot be
// found out it is taken for large.
func volumeOf(total int64, opt *Options) volume {
	if total <= 0 {
		total = math.MaxInt64
	}
	v := volume{
		segment: min(max(total/64, minSegment), defaultSegment),
		spare:   min(total/16, checkpointMax),
		least:   min(total/16, checkpointMin),
		most:    min(total/8, checkpointMax),
	}
	if opt.SegmentSize > 0 {
		v.segment = opt.SegmentSize
	}
	// Four memtables, and a compaction of seven that were written with a little more.
	v.floor = min(12*memtable, total/6)
	v.stop = v.floor / 2
	// Whoever is told to wait may still send what is under way.
	v.fits = v.floor + min(4*MaxBacklog, total/8)
	v.setLow(opt.DiskLow)
	return v
}

// setLow sets low to so many bytes, but not below what is needed; 0 is what fits.
func (v *volume) setLow(bytes int64) {
	v.low = v.fits
	if bytes > 0 {
		v.low = max(bytes, v.floor+v.segment)
	}
}

// pool is how many free files the log may keep.
func (v *volume) pool() int { return logReserve + 1 + int(v.spare/v.segment) }

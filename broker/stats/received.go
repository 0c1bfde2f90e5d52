package stats

// Sizes is how many messages had a body of which size. The last entry is those
// above the largest of [SizeBounds].
type Sizes [sizeClasses]uint64

const sizeClasses = 9

// SizeBounds are the sizes that RabbitMQ sorts messages by: the largest body of
// each class but the last, in bytes.
func SizeBounds() [sizeClasses - 1]int {
	return [...]int{100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 50_000_000, 100_000_000}
}

// Received counts what came from publishers, before it was routed.
type Received struct {
	Sizes Sizes
	// Bytes is the size of all bodies.
	Bytes uint64
	// ToConfirm is messages that came on channels in confirm mode.
	ToConfirm uint64
}

// Count counts a message by the size of its body.
func (r *Received) Count(body int) {
	r.Sizes[sizeClass(body)]++
	r.Bytes += uint64(body)
}

// sizeClass is where [SizeBounds] has a size. Most messages are small, and a
// constant is compared in no time: every message that comes is counted.
func sizeClass(body int) int {
	switch {
	case body <= 100:
		return 0
	case body <= 1_000:
		return 1
	case body <= 10_000:
		return 2
	case body <= 100_000:
		return 3
	case body <= 1_000_000:
		return 4
	case body <= 10_000_000:
		return 5
	case body <= 50_000_000:
		return 6
	case body <= 100_000_000:
		return 7
	}
	return sizeClasses - 1
}

// Add adds the counts of another.
func (r *Received) Add(o *Received) {
	for class := range r.Sizes {
		r.Sizes[class] += o.Sizes[class]
	}
	r.Bytes += o.Bytes
	r.ToConfirm += o.ToConfirm
}

package queue

// PartUse is what a part of the store is for that a queue, or an exchange, has
// beside its own.
type PartUse uint8

// The uses. Their numbers are part of the store's format.
const (
	LanePart  PartUse = 1 + iota // the messages of a priority, by its number
	DelayPart                    // messages that wait, by their bucket
	DedupPart                    // what a deduplication remembers
)

// PartKey is the key of a part: no two uses have the same. n is below 1<<56.
func PartKey(use PartUse, n uint64) uint64 { return uint64(use)<<56 | n }

// SplitPartKey returns the use and the number in the key of a part.
func SplitPartKey(key uint64) (use PartUse, n uint64) {
	return PartUse(key >> 56), key & (1<<56 - 1)
}

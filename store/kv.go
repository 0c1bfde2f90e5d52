package store

// kv is the little that the store asks of Badger: ordered keys, and changes
// that are there whole or not at all. One goroutine at a time scans and commits;
// any may get.
type kv interface {
	// scan calls fn for every key with a prefix, in order. Key and value are
	// borrowed.
	scan(prefix []byte, fn func(key, value []byte) error) error
	// get returns a copy of the value, nil if the key is not there.
	get(key []byte) ([]byte, error)
	// commit makes all changes or, if the process or the power goes, none.
	// When it returns nil they survive both.
	commit(changes []change) error
	close() error
}

// change is a key that gets a value, or goes.
type change struct {
	key, value []byte
	deleted    bool
}

// changeCost is what a change takes in a transaction beside key and value. It
// also bounds how many changes there are: Badger counts a node of its memtable
// for each.
const changeCost = 96

func (c *change) size() int { return len(c.key) + len(c.value) + changeCost }

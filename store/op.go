package store

import "github.com/lepusmq/lepus/store/log"

// op is what a record says about one queue, or about definitions: what the
// index is changed by. Its slices are its own.
type op struct {
	kind log.Kind // never held, head or chunk
	// at is the position that decides whether the operation is already
	// reflected: that of the record, or of the head that names it.
	at     log.Position
	queue  uint64
	run    run          // recEnqueue, recMove
	mortal bool         // of run: some of its messages expire
	spans  []span       // recDead
	tally  seqTally     // recTally
	order  log.Position // of define: where the first of them lies
	define []Definition // recDefine
	chunk  log.Position // of run: its first chunk, 0 if it has none
}

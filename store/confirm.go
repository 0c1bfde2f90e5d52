package store

// confirmations gathers publishes that became safe and tells each Confirmer
// once per run of consecutive numbers. Not for several goroutines; the zero
// value is ready. Nothing is told while locks are held: add gathers, send
// tells.
type confirmations struct {
	runs []confirmation
}

// confirmation is a run of publishes of one Confirmer.
type confirmation struct {
	to          Confirmer
	first, last uint64
}

// add gathers one publish; a nil Confirmer is nobody.
func (c *confirmations) add(to Confirmer, publish uint64) {
	if to == nil {
		return
	}
	if n := len(c.runs); n > 0 {
		if r := &c.runs[n-1]; r.to == to && r.last+1 == publish {
			r.last = publish
			return
		}
	}
	c.runs = append(c.runs, confirmation{to: to, first: publish, last: publish})
}

// send tells what has gathered and forgets it. A single one is asked to send its
// news itself: that takes no longer than to wake somebody who does.
func (c *confirmations) send() {
	alone := len(c.runs) == 1
	for i := range c.runs {
		r := &c.runs[i]
		if to, ok := r.to.(Sender); ok && alone {
			to.ConfirmNow(r.first, r.last)
		} else {
			r.to.Confirm(r.first, r.last)
		}
		r.to = nil
	}
	c.runs = c.runs[:0]
}

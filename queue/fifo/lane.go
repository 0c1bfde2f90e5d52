package fifo

// lane is the ready messages of one priority. They leave in the order in which
// they were published.
type lane struct {
	priority uint8
	line     line
	returned returned
	// awaited are returned messages that are being read, in order.
	awaited []ref
	// kept is up to which sequence number the keepers have what they were
	// given.
	kept [keepers]uint64
	// spilled is the highest sequence number that the overflow was given.
	spilled uint64
	// unmeasured is the sequence number up to which messages in the gap are not
	// counted in the length of the queue; 0 if all are. The store knows which
	// messages it has, but not how large each is.
	unmeasured uint64
}

// ready is the number of messages in the lane.
func (l *lane) ready() int { return l.line.len() + l.returned.len + len(l.awaited) }

// held says that the first message is on hold.
func (l *lane) held() bool {
	if l.returned.len+len(l.awaited) > 0 {
		return false
	}
	i := l.line.peek()
	return i != nil && i.held()
}

// firstReturned is the first of the messages that were delivered before; nil
// if it is being read.
func (l *lane) firstReturned() *ref {
	if l.returned.len == 0 || len(l.awaited) > 0 && (l.returned.inTurn || l.awaited[0].seq < l.returned.first().seq) {
		return nil
	}
	return l.returned.first()
}

// former calls yield for the messages that were delivered before.
func (l *lane) former(yield func(ref) bool) {
	for f := range l.returned.all {
		if !yield(f) {
			return
		}
	}
	for _, f := range l.awaited {
		if !yield(f) {
			return
		}
	}
}

// returnedAway says that the first returned message is not in memory.
func (l *lane) returnedAway() bool { return l.returned.len > 0 && !l.returned.first().resident() }

// isKept says whether the keeper of a message of the lane has written it.
func (l *lane) isKept(i *Item) bool { return i.Kept != Nobody && i.Seq <= l.kept[i.Kept] }

// shrink moves messages from the back into the gap, if the line costs too much,
// and returns what it waits for, or what was waited for before. If what was
// delivered is heavy, what is in front is spilled, too, and stays: when it is
// delivered it could not be any more, for what is behind it was.
func (l *lane) shrink(spill func(*Item) bool, release func(*Item), heavy bool, wait Lag) Lag {
	e := &l.line
	if !e.over() {
		return wait
	}
	if heavy {
		e.handFront(l.spilled, spill)
	}
	e.hand(spill)
	for e.mark.n > 0 {
		first := e.back.peek()
		if !l.isKept(first) {
			return Lag{Keeper: first.Kept, Lane: l.priority, Seq: first.Seq}
		}
		e.shift(release)
	}
	return wait
}

// purge removes all below a sequence number, which it returns; newest is the
// highest there is. each is called for those in memory. Messages on hold stay,
// and so does what is behind them.
func (l *lane) purge(r *residents, newest uint64, each func(*Item)) (below uint64) {
	l.forgetReturned(r, each)
	e := &l.line
	e.purge(each)
	if e.front.len > 0 {
		return e.front.peek().Seq
	}
	// What is held, and what is behind it, is never moved into the gap.
	e.gap = gap{}
	e.purge(each)
	if first := e.peek(); first != nil {
		return first.Seq
	}
	e.drop()
	return newest + 1
}

// forgetReturned removes the messages that were delivered before.
func (l *lane) forgetReturned(r *residents, each func(*Item)) {
	var i Item
	for f := range l.former {
		r.take(&f, &i)
		each(&i)
	}
	l.returned.clear()
	l.awaited = nil
}

// purge removes the messages in front, up to one that is on hold or not in
// memory.
func (l *line) purge(each func(*Item)) {
	var i Item
	for first := l.peek(); first != nil && !first.held(); first = l.peek() {
		l.pop(&i)
		each(&i)
	}
}

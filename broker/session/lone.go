package session

// impatience is how many lone messages are left to the committer after one
// whose sender did not wait: a reader that waits for the disk does not read.
const impatience = 64

// lone says that all that is staged is one message, that its confirm needs the
// disk, and that its publisher waits for no other. Called with work held.
func (s *Session) lone() bool {
	st := &s.stage
	if len(st.batch) != 1 {
		return false
	}
	p := &st.batch[0]
	if p.Confirm == nil || !p.Persistent {
		return false
	}
	for _, q := range st.queues {
		if q.Durable() {
			return s.patient() && p.Confirm.(*channel).confirmed()
		}
	}
	return false
}

// patient says whether the reader may commit a message itself.
func (s *Session) patient() bool {
	if s.impatient > 0 {
		s.impatient--
		return false
	}
	return true
}

// noteLead is called when something was read. If it had come before the confirm
// of the message that the reader has committed, the peer did not wait for that.
func (s *Session) noteLead() {
	if s.led && !s.sock.rd.waited {
		s.impatient = impatience
	}
	s.led = false
}

// lead hands over the lone message, and commits it if the store lets it: then it
// returns true, and the confirm is in the outbox. Called by the reader.
func (s *Session) lead() bool {
	s.vhost.Lead(s.handOver)
	ch := s.leader
	if ch == nil {
		return false
	}
	s.leader, s.led = nil, true
	// The message may be behind others, so that its confirm is still to come,
	// from somebody else.
	ch.awaits(0)
	return true
}

// handOverLone hands over the lone message. What others have for this
// connection while the reader waits for the disk they send themselves.
func (s *Session) handOverLone(led bool) {
	s.work.Lock()
	if led && len(s.stage.batch) == 1 {
		p := &s.stage.batch[0]
		s.leader = p.Confirm.(*channel)
		s.leader.awaits(p.Publish)
	}
	s.flushStage()
	s.work.Unlock()
	s.out.leave()
}

// awaits says which publish the reader is about to commit, and so will send
// the confirm of; 0 is none.
func (ch *channel) awaits(publish uint64) {
	ch.mu.Lock()
	ch.lone = publish
	ch.mu.Unlock()
}

// confirmed says that no publish of the channel is outstanding.
func (ch *channel) confirmed() bool {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.confirms.low == ch.confirms.next
}

package session

import (
	"slices"

	"github.com/lepusmq/lepus/amqp"
)

// ask says that the channel waits for an answer. Until then its frames are put
// off, while other channels go on. Called with work held, before the question.
func (ch *channel) ask() {
	ch.mu.Lock()
	ch.pending.waiting = true
	ch.held.Store(true)
	ch.mu.Unlock()
}

// answer ends ask: with a reply for the client, nil for none, or with an
// error. It may be called from any goroutine, but not with mu held.
func (ch *channel) answer(reply amqp.Method, err error, method amqp.MethodID) {
	ch.mu.Lock()
	p := &ch.pending
	p.waiting = false
	if ch.ended {
		ch.mu.Unlock()
		return
	}
	switch {
	case err != nil:
		p.failure = asError(err).For(method)
	case reply != nil:
		ch.send(reply)
	}
	if p.failure != nil || p.stopped != nil || len(p.frames) > 0 {
		p.resuming = ch.s.start(ch.resume)
	} else {
		ch.held.Store(false)
	}
	ch.mu.Unlock()
	ch.s.out.kick()
}

// putOff keeps a frame for later. It reports false when there is no need to
// any more.
func (ch *channel) putOff(f amqp.Frame) bool {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	p := &ch.pending
	if !p.waiting && !p.resuming {
		return false
	}
	f.Payload = slices.Clone(f.Payload)
	p.frames = append(p.frames, f)
	ch.s.putOff += len(f.Payload) + amqp.FrameOverhead
	return true
}

// resume goes on with a channel that has its answer. It runs on a goroutine of
// its own.
func (ch *channel) resume() {
	s := ch.s
	s.work.Lock()
	for {
		frames, failure := ch.takePending()
		if failure != nil {
			ch.fail(failure)
			continue
		}
		if frames == nil {
			break
		}
		for i, f := range frames {
			if s.alarm.on.Load() {
				ch.minds(f)
			}
			if ch.isWaiting() {
				ch.putBack(frames[i:])
				break
			}
			switch {
			case s.state != running:
			case s.channels[ch.id] == ch:
				ch.frame(f)
			default:
				// The channel has ended; this is for the next of that number.
				s.channelFrame(f)
			}
		}
	}
	s.own()
	s.endRuns()
	s.flushStage()
	s.flushReplies()
	s.work.Unlock()
	s.out.flush()
}

// takePending returns what is to be done next; with nothing to be done the
// channel is on its own again.
func (ch *channel) takePending() ([]amqp.Frame, *amqp.Error) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	p := &ch.pending
	if failure := p.failure; failure != nil {
		p.failure = nil
		return nil, failure
	}
	if p.waiting || p.stopped == nil && len(p.frames) == 0 {
		p.resuming = false
		ch.held.Store(p.waiting)
		return nil, nil
	}
	frames := p.frames
	if p.stopped != nil {
		frames = append([]amqp.Frame{*p.stopped}, frames...)
	}
	ch.release()
	return frames, nil
}

// isWaiting says whether a frame has made the channel wait again.
func (ch *channel) isWaiting() bool {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.pending.waiting || ch.pending.failure != nil
}

// putBack returns frames that were taken too early.
func (ch *channel) putBack(frames []amqp.Frame) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	for _, f := range frames {
		ch.s.putOff += len(f.Payload) + amqp.FrameOverhead
	}
	ch.pending.frames = append(slices.Clone(frames), ch.pending.frames...)
}

// stop keeps a method for later, which is to be handled before what was put off.
func (ch *channel) stop(f amqp.Frame) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.pending.stopped = &f
}

// release forgets the frames and lets the reader go on. Called with work and mu
// held.
func (ch *channel) release() {
	p := &ch.pending
	for _, f := range p.frames {
		ch.s.putOff -= len(f.Payload) + amqp.FrameOverhead
	}
	p.frames, p.stopped = nil, nil
	if p.room != nil {
		close(p.room)
		p.room = nil
	}
}

// dropPending forgets what the channel put off: its session ends.
func (ch *channel) dropPending() {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.pending.failure = nil
	ch.release()
}

// backlog returns a Go channel that is closed when something that was put off
// has been done, or nil if there is room for more. Called with work held.
func (s *Session) backlog() <-chan struct{} {
	if s.putOff <= maxPending {
		return nil
	}
	for _, ch := range s.channels {
		ch.mu.Lock()
		p := &ch.pending
		if len(p.frames) == 0 {
			ch.mu.Unlock()
			continue
		}
		if p.room == nil {
			p.room = make(chan struct{})
		}
		room := p.room
		ch.mu.Unlock()
		return room
	}
	return nil
}

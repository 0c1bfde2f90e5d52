// Package lines keeps the last lines of something that goes on, such as a log, for
// those who look back at it and those who follow it.
//
// Who writes never waits: a follower that does not keep up is told how many lines it
// has missed.
package lines

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// What is kept at most.
const (
	maxBytes     = 256 << 10
	maxFollowers = 16
)

// ErrTooMany is returned to who would follow when as many do as may.
var ErrTooMany = errors.New("too many follow already")

// Tail is the last lines of something, 256 KiB of them. The zero Tail has none. All
// methods may be called from any goroutine.
type Tail struct {
	// guarded by mu
	mu        sync.Mutex
	kept      []string
	bytes     int
	next      uint64        // the number of the line that comes after those kept
	more      chan struct{} // closed when a line comes, or no more will; nil if nobody waits
	followers int
	closed    bool
}

// Write adds a line, with or without its end. It implements io.Writer and never
// fails.
func (t *Tail) Write(line []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, strings.TrimSuffix(string(line), "\n"))
	t.bytes += len(line)
	t.next++
	for t.bytes > maxBytes && len(t.kept) > 1 {
		t.bytes -= len(t.kept[0]) + 1
		t.kept[0] = ""
		t.kept = t.kept[1:]
	}
	t.wake()
	return len(line), nil
}

// wake tells who waits. Called with mu held.
func (t *Tail) wake() {
	if t.more != nil {
		close(t.more)
		t.more = nil
	}
}

// Last returns the last n lines, or as many as there are.
func (t *Tail) Last(n int) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.kept[max(0, len(t.kept)-n):]...)
}

// Followed says whether anybody follows, so that a line is worth the while to make.
func (t *Tail) Followed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.followers > 0
}

// Close ends Follow for all, when they have been given what there is.
func (t *Tail) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.wake()
}

// Follow gives the lines that come from now on to each, until ctx ends, each fails,
// which is the error, or the tail is closed. Error: ErrTooMany.
func (t *Tail) Follow(ctx context.Context, each func(lines []string) error) error {
	from, err := t.enter()
	if err != nil {
		return err
	}
	defer t.leave()
	for {
		some, more := t.since(&from)
		if len(some) > 0 {
			if err := each(some); err != nil {
				return err
			}
			continue
		}
		if more == nil {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil
		}
	}
}

func (t *Tail) enter() (from uint64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.followers == maxFollowers {
		return 0, ErrTooMany
	}
	t.followers++
	return t.next, nil
}

func (t *Tail) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.followers--
}

// since returns the lines from a number on, which it moves behind them. If there are
// none, more is closed when there are; nil if there will be none.
func (t *Tail) since(from *uint64) (some []string, more <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if *from == t.next {
		if t.closed {
			return nil, nil
		}
		if t.more == nil {
			t.more = make(chan struct{})
		}
		return nil, t.more
	}
	first := t.next - uint64(len(t.kept))
	if *from < first {
		some = append(some, fmt.Sprintf("(%d lines were missed: they came too fast)", first-*from))
		*from = first
	}
	some = append(some, t.kept[*from-first:]...)
	*from = t.next
	return some, nil
}

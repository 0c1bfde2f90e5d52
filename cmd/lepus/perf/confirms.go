package perf

import (
	"fmt"
	"math/bits"
)

// confirms are the publishes of a channel that are not confirmed yet: a ring
// of the times they were sent at, by publish number.
type confirms struct {
	window      int
	sentAt      []int64 // a power of two; 0 if confirmed already
	low, next   uint64  // the lowest that is not confirmed, the next to be sent
	outstanding int
}

// newConfirms lets at most window publishes be unconfirmed. The ring is larger,
// for a broker may confirm later publishes first.
func newConfirms(window int) *confirms {
	return &confirms{
		window: window, sentAt: make([]int64, 4<<bits.Len(uint(window-1))), low: 1, next: 1,
	}
}

func (c *confirms) at(publish uint64) *int64 { return &c.sentAt[publish&uint64(len(c.sentAt)-1)] }

// room returns how many more may be sent.
func (c *confirms) room() int {
	return min(c.window-c.outstanding, len(c.sentAt)-int(c.next-c.low))
}

// add notes that the next publish was sent. There must be room.
func (c *confirms) add(at int64) {
	*c.at(c.next) = at
	c.next++
	c.outstanding++
}

// settle notes the broker's answer to a publish, or to all up to it, and adds
// to s how long each took. It returns how many that were.
func (c *confirms) settle(tag uint64, multiple bool, now int64, s *samples) (int, error) {
	if tag >= c.next {
		return 0, fmt.Errorf("publish %d was confirmed before it was sent", tag)
	}
	first := tag
	if multiple {
		first = c.low
	}
	before := c.outstanding
	for n := first; n <= tag; n++ {
		if at := c.at(n); n >= c.low && *at != 0 {
			s.add(now - *at)
			*at = 0
			c.outstanding--
		} else if !multiple {
			return 0, fmt.Errorf("publish %d was confirmed twice", tag)
		}
	}
	for c.low < c.next && *c.at(c.low) == 0 {
		c.low++
	}
	return before - c.outstanding, nil
}

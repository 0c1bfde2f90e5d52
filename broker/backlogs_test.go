package broker

import (
	"fmt"
	"testing"
	"time"
)

func TestBacklogsWarnOfQueuesThatGoOnGrowing(t *testing.T) {
	var l backlogs
	now := time.Unix(1e9, 0)
	k := backlogKey{"/", "q"}
	look := func(ready int) bool {
		now = now.Add(backlogDelay)
		warn := l.grows(k, ready, now)
		l.forget()
		return warn
	}
	for i, ready := range []int{10, 20, 30, 30, 40, 50} {
		if look(ready) {
			t.Errorf("warned at look %d", i)
		}
	}
	if !look(60) {
		t.Error("no warning of a queue that has grown three times")
	}
	for i := range int(backlogAgain/backlogDelay) - 1 {
		if look(70 + i) {
			t.Errorf("warned again after %d looks", i)
		}
	}
	if !look(1000) {
		t.Error("no second warning")
	}
	l.forget() // it was not there this time
	if len(l.queues) != 0 {
		t.Errorf("%d queues are remembered", len(l.queues))
	}
}

func TestBacklogsAreBounded(t *testing.T) {
	var l backlogs
	for i := range 2 * maxBacklogs {
		l.grows(backlogKey{"/", fmt.Sprint(i)}, 1, time.Now())
	}
	if len(l.queues) != maxBacklogs {
		t.Errorf("%d queues are remembered", len(l.queues))
	}
}

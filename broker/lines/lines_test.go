package lines

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// say writes lines to a tail.
func say(t *Tail, all ...string) {
	for _, l := range all {
		fmt.Fprintln(t, l)
	}
}

func TestLast(t *testing.T) {
	var tail Tail
	if got := tail.Last(3); len(got) != 0 {
		t.Errorf("an empty tail has %q", got)
	}
	say(&tail, "a", "b", "c")
	if got := tail.Last(2); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("got %q", got)
	}
	if got := tail.Last(9); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("got %q", got)
	}
}

func TestOldLinesGo(t *testing.T) {
	var tail Tail
	for i := range 1000 {
		say(&tail, fmt.Sprint(i)+strings.Repeat(" ", 1020))
	}
	all := tail.Last(1000)
	if n := len(all); n > maxBytes/1024+2 || n < maxBytes/1024-2 || !strings.HasPrefix(all[n-1], "999 ") {
		t.Errorf("%d lines are kept", n)
	}
	say(&tail, strings.Repeat("x", 2*maxBytes))
	if all := tail.Last(1000); len(all) != 1 {
		t.Errorf("beside a very long line there are %d", len(all)-1)
	}
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tail Tail
		say(&tail, "before")
		var got []string
		ended := make(chan error)
		go func() {
			ended <- tail.Follow(t.Context(), func(lines []string) error { got = append(got, lines...); return nil })
		}()
		synctest.Wait()
		if !tail.Followed() {
			t.Error("nobody follows")
		}
		say(&tail, "one", "two")
		synctest.Wait()
		say(&tail, "three")
		tail.Close()
		if err := <-ended; err != nil || !slices.Equal(got, []string{"one", "two", "three"}) {
			t.Errorf("got %q, %v", got, err)
		}
		if tail.Followed() {
			t.Error("somebody still follows")
		}
	})
}

// TestSlowFollowerIsToldWhatItMissed has one that is busy while more comes than is
// kept.
func TestSlowFollowerIsToldWhatItMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tail Tail
		var got []string
		busy, ended := make(chan struct{}), make(chan error)
		go func() {
			ended <- tail.Follow(t.Context(), func(lines []string) error { <-busy; got = append(got, lines...); return nil })
		}()
		synctest.Wait()
		say(&tail, "first")
		synctest.Wait()
		for range 10 {
			say(&tail, strings.Repeat("x", maxBytes/4))
		}
		close(busy)
		tail.Close()
		if err := <-ended; err != nil || len(got) < 3 || got[0] != "first" || !strings.HasSuffix(got[1], "lines were missed: they came too fast)") {
			t.Errorf("got %d lines, %v", len(got), err)
		}
	})
}

func TestFollowersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tail Tail
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		for range maxFollowers {
			go func() { ended <- tail.Follow(ctx, func([]string) error { return nil }) }()
		}
		synctest.Wait()
		if err := tail.Follow(ctx, nil); !errors.Is(err, ErrTooMany) {
			t.Errorf("one too many ends with %v", err)
		}
		cancel()
		for range maxFollowers {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		failed := errors.New("gone")
		go func() { ended <- tail.Follow(t.Context(), func([]string) error { return failed }) }()
		synctest.Wait()
		say(&tail, "x")
		if err := <-ended; !errors.Is(err, failed) {
			t.Errorf("a follower that fails ends with %v", err)
		}
	})
}

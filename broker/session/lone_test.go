package session

import (
	"testing"

	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
)

// leadStore is a store in which whoever asks leads; commit is what he does.
type leadStore struct {
	store.Store
	commit func()
}

func (s *leadStore) Lead(f func(led bool)) {
	f(true)
	s.commit()
}

// notes is the part of a queue that only notes what it is given.
type notes struct {
	store.Queue
	given []store.Enqueue
}

func (n *notes) NextSeq() uint64 { return 1 }

func (n *notes) Stock() (store.Range, int) { return store.Range{}, 0 }

func (n *notes) Mortal() bool { return false }

func (n *notes) Kept() uint64 { return 0 }

func (n *notes) Append(entries []store.Enqueue) { n.given = append(n.given, entries...) }

func (n *notes) confirm() {
	for _, e := range n.given {
		e.Confirm.Confirm(e.Publish, e.Publish)
	}
	n.given = nil
}

// TestImpatientPeer checks that messages are left to the committer for a while
// after one whose sender did not wait for the confirm, and only then.
func TestImpatientPeer(t *testing.T) {
	for _, waited := range []bool{true, false} {
		s := &Session{sock: &socket{}, vhost: vhost.New(vhost.Config{
			Store: &leadStore{Store: store.NewMemory(), commit: func() {}},
		})}
		s.handOver = func(bool) { s.leader = &channel{s: s} }
		if !s.lead() {
			t.Fatal("nothing was committed")
		}
		s.sock.rd.waited = waited
		s.noteLead()
		s.sock.rd.waited = false
		s.noteLead() // nothing was committed before this read
		left := 0
		for !s.patient() {
			left++
		}
		want := impatience
		if waited {
			want = 0
		}
		if left != want {
			t.Errorf("waited %v: %d messages are left to the committer, want %d", waited, left, want)
		}
	}
}

// restIdle finds nothing more to read.
func restIdle(t *testing.T, s *Session) {
	t.Helper()
	then := s.idle()
	if then == nil {
		t.Fatal("the reader does not know that it has committed a message")
	}
	then()
}

// restThrottled waits for the store.
func restThrottled(_ *testing.T, s *Session) {
	s.slow = true
	s.throttle()
}

// TestLoneConfirmIsSent checks that the reader sends the confirm of a message
// that it commits, and that somebody does when it comes after that.
func TestLoneConfirmIsSent(t *testing.T) {
	tests := map[string]struct {
		commit func(*notes)
		rest   func(*testing.T, *Session) // the reader has nothing more to read, or must wait
		writer bool                       // a goroutine sends the confirm
	}{
		"committed by the reader":     {(*notes).confirm, restIdle, false},
		"held up behind another one":  {func(*notes) {}, restIdle, true},
		"before the reader must wait": {(*notes).confirm, restThrottled, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ours, theirs := tcpPair(t)
			part := &notes{}
			kept := &leadStore{Store: store.NewMemory(), commit: func() { test.commit(part) }}
			s := &Session{sock: newSocket(ours, nil), vhost: vhost.New(vhost.Config{Store: kept})}
			out, workers := newTestOutbox(ours)
			writers := countWriters(out)
			s.out, s.handOver, s.answer = out, s.handOverLone, out.flush
			ch := &channel{s: s, id: 1, mode: confirming}
			ch.confirms.low, ch.confirms.next = 1, 1
			var slab queue.Slab
			m := slab.Add([]byte{0, 0}, []byte{0, 0}, []byte("body"))
			m.Persistent = true
			q := queue.New(queue.Config{Name: "q", Store: part})
			*s.staged(new(vhost.Flow), []*queue.Queue{q}) = queue.Publication{Message: m, Confirm: ch, Publish: 1}

			out.attend()
			test.rest(t, s)
			part.confirm()
			wantAck(t, theirs)
			workers.Wait()
			if (*writers > 0) != test.writer {
				t.Errorf("%d writers", *writers)
			}
		})
	}
}

package session

import (
	"bytes"
	"io"
	"testing"
	"time"

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

// TestLoneConfirmIsSent checks that the reader sends the confirm of a message
// that it commits, and that somebody does when it comes after that.
func TestLoneConfirmIsSent(t *testing.T) {
	tests := map[string]struct {
		commit func(*notes)
		writer bool // a goroutine sends the confirm
	}{
		"committed by the reader":    {(*notes).confirm, false},
		"held up behind another one": {func(*notes) {}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ours, theirs := tcpPair(t)
			part := &notes{}
			kept := &leadStore{Store: store.NewMemory(), commit: func() { test.commit(part) }}
			s := &Session{sock: newSocket(ours), vhost: vhost.New(vhost.Config{Store: kept})}
			out, workers := newTestOutbox(ours)
			writers, start := 0, out.start
			out.start = func(f func()) bool {
				writers++
				return start(f)
			}
			s.out, s.handOver, s.answer = out, s.handOverLone, out.flush
			ch := &channel{s: s, id: 1, mode: confirming}
			ch.confirms.low, ch.confirms.next = 1, 1
			var slab queue.Slab
			m := slab.Add([]byte{0, 0}, []byte{0, 0}, []byte("body"))
			m.Persistent = true
			q := queue.New(queue.Config{Name: "q", Store: part})
			*s.staged(new(vhost.Flow), []*queue.Queue{q}) = queue.Publication{Message: m, Confirm: ch, Publish: 1}

			out.attend()
			then := s.quiet()
			if then == nil {
				t.Fatal("the reader does not know that it has committed a message")
			}
			then()
			part.confirm()
			want := appendAck(nil, 1, 1, false)
			got := make([]byte, len(want))
			if err := theirs.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(theirs, got); err != nil || !bytes.Equal(got, want) {
				t.Errorf("the peer got % x, %v; want % x", got, err, want)
			}
			workers.Wait()
			if (writers > 0) != test.writer {
				t.Errorf("%d writers", writers)
			}
		})
	}
}

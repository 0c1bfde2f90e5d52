package event

import "testing"

func TestWatchedSink(t *testing.T) {
	s := NewSink()
	first, second := s.Watch(), s.Watch()
	first()
	first() // counts once
	if !s.Wanted() {
		t.Error("one watches, and nothing is wanted")
	}
	second()
	if s.Wanted() {
		t.Error("nobody watches any more")
	}
}

func TestSinkTakesOnlyWhatIsWanted(t *testing.T) {
	var none *Sink
	none.Want(true)
	none.Emit("a", 0)
	s := NewSink()
	s.Emit("a", 0)
	s.Want(true)
	s.Emit("b", 7, Text("k", "v"))
	s.Want(false)
	s.Emit("c", 0)
	<-s.Ready()
	events, lost := s.Take()
	if len(events) != 1 || lost != 0 || events[0].Key != "b" || events[0].By != 7 || len(events[0].Headers) != 1 {
		t.Errorf("got %v, %d lost", events, lost)
	}
}

func TestSinkIsBoundedAndCounts(t *testing.T) {
	s := NewSink()
	s.Want(true)
	for range maxPending + 5 {
		s.Emit("a", 0)
	}
	if events, lost := s.Take(); len(events) != maxPending || lost != 5 {
		t.Errorf("%d events, %d lost", len(events), lost)
	}
	if events, lost := s.Take(); len(events) != 0 || lost != 0 {
		t.Errorf("then %d events, %d lost", len(events), lost)
	}
}

func BenchmarkUnwanted(b *testing.B) {
	s := NewSink()
	for b.Loop() {
		if s.Wanted() {
			b.Fatal("wanted")
		}
	}
}

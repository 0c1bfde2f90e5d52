package integration

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// TestCrash kills the server with signal 9 at random moments while clients publish, consume and declare, and while a
// backlog is added to and nibbled at, and while it starts; starts it again on the same folder and compares what it has
// with what the clients know. LEPUS_SOAK_ROUNDS sets how often, and makes the backlog large.
func TestCrash(t *testing.T) {
	t.Parallel()
	rounds, backlog, flags := 1, 3_000, smallWindows()
	n, long := setting(t, "LEPUS_SOAK_ROUNDS")
	if long {
		rounds, backlog, flags = n, 120_000, nil
	}
	binary, dir := buildLepus(t), t.TempDir()
	server := binary.start(t, dir, flags...)
	load := newLoad(t, server.url, backlog)
	load.long = long
	cleanings := &cleanings{t: t, dir: dir}
	for round := range rounds {
		load.begin(server.url, round)
		after := load.last(round, cleanings)
		server.wantCalm()
		load.ending.Store(true)
		server.kill()
		load.end()
		cleanings.note()
		server = binary.startAmidCrashes(t, dir, flags, (*process).kill)
		load.verify(server.url, round == rounds-1 || round%3 == 1)
		if t.Failed() {
			t.Fatalf("round %d, killed after %v: %d complaints", round, after, load.ledger.complaints.Load())
		}
		t.Logf("round %d: killed after %v, %d MiB on disk", round, after, diskUse(t, dir)>>20)
	}
	server.stop()
	load.ledger.stopped()
	server = binary.start(t, dir, flags...)
	load.verify(server.url, true)
	server.stop()
	cleanings.verdict()
}

// startAmidCrashes starts a server that first crashes up to two times, before or as soon as it is ready.
func (l lepus) startAmidCrashes(t testing.TB, dir string, flags []string, crash func(*process)) *process {
	t.Helper()
	for range rand.IntN(3) {
		p, _ := l.launch(t, dir, flags...)
		<-time.After(time.Duration(rand.IntN(150)) * time.Millisecond)
		crash(p)
	}
	return l.start(t, dir, flags...)
}

// setting returns the number that an environment variable sets, if it does.
func setting(t testing.TB, name string) (int, bool) {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n, true
}

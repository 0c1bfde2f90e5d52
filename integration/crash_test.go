package integration

import (
	"os"
	"strconv"
	"testing"
)

// TestCrash kills the server with signal 9 at random moments while clients publish, consume and declare, and while a
// backlog is added to and nibbled at, starts it again on the same folder and compares what it has with what the clients
// know. LEPUS_SOAK_ROUNDS sets how often, and makes the backlog large.
func TestCrash(t *testing.T) {
	t.Parallel()
	rounds, backlog := 3, 3_000
	n, long := setting(t, "LEPUS_SOAK_ROUNDS")
	if long {
		rounds, backlog = n, 120_000
	}
	binary, dir := buildLepus(t), t.TempDir()
	server := binary.start(t, dir)
	load := newLoad(t, server.url, backlog)
	cleanings := &cleanings{t: t, dir: dir}
	for round := range rounds {
		load.begin(server.url, round)
		after := load.last(cleanings, long && round%2 == 1)
		server.wantCalm()
		load.ending.Store(true)
		server.kill()
		load.end()
		cleanings.note()
		server = binary.start(t, dir)
		load.verify(server.url, round == rounds-1 || round%3 == 1)
		if t.Failed() {
			t.Fatalf("round %d, killed after %v: %d complaints", round, after, load.ledger.complaints.Load())
		}
		t.Logf("round %d: killed after %v, %d MiB on disk", round, after, diskUse(t, dir)>>20)
	}
	server.stop()
	cleanings.verdict()
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

package integration

import "testing"

// TestPowerCut cuts the power at random moments while clients publish, consume and declare, starts the server again on
// what the disk has then and compares it with what the clients know: whatever was confirmed must be there.
// LEPUS_SOAK_ROUNDS sets how often.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	rounds, backlog, flags := 1, 3_000, smallWindows()
	n, long := setting(t, "LEPUS_SOAK_ROUNDS")
	if long {
		rounds, backlog, flags = n, 100_000, nil
	}
	binary := buildLepus(t)
	disk := newDisk(t)
	server := binary.start(t, disk.folder(), flags...)
	load := newLoad(t, server.url, backlog)
	load.long = long
	cleanings := &cleanings{t: t, dir: disk.folder()}
	lost := 0
	for round := range rounds {
		load.begin(server.url, round)
		after := load.last(round, cleanings)
		server.wantCalm()
		load.ending.Store(true)
		disk.scribble()
		disk.cut(server)
		load.end()
		if disk.lostScribble() {
			lost++
		}
		cleanings.note()
		server = binary.startAmidCrashes(t, disk.folder(), flags, disk.cut)
		load.verify(server.url, round == rounds-1 || round%3 == 1)
		if t.Failed() {
			t.Fatalf("round %d, cut off after %v: %d complaints", round, after, load.ledger.complaints.Load())
		}
		t.Logf("round %d: cut off after %v, %d MiB on disk", round, after, diskUse(t, disk.folder())>>20)
	}
	server.stop()
	cleanings.verdict()
	t.Logf("%d power cuts; %d of as many files that nobody had synced were lost", rounds, lost)
	if rounds >= 10 && lost == 0 {
		t.Error("no cut has lost anything that was not synced: they are no power cuts")
	}
}

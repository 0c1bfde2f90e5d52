package log_test

import (
	"math/rand/v2"
	"testing"

	"github.com/lepusmq/lepus/store/log"
)

// TestCrashes runs random histories through kills, power cuts of both kinds,
// and crashes amid an operation. Nothing synced may be lost, nothing may come
// back that was not appended, and none of it may be called damage.
func TestCrashes(t *testing.T) {
	histories := uint64(150)
	if testing.Short() {
		histories = 20
	}
	for seed := range histories {
		if !crashes(t, seed) {
			t.Fatalf("failed with seed %d", seed)
		}
	}
}

func crashes(t *testing.T, seed uint64) bool {
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	rng := rand.New(rand.NewPCG(seed, 1))
	r := newRig(t, seed)
	known, must := log.Position(0), 0
	for range 8 {
		if rng.IntN(2) == 0 {
			r.fs.CrashAt(1 + rng.IntN(60))
		}
		err := r.start(known, must)
		for i := 0; err == nil && i < 60; i++ {
			err = r.random(rng)
		}
		if err != nil && !failed(err) {
			t.Errorf("%v", err)
			return false
		}
		known = max(known, r.from)
		if r.l != nil && rng.IntN(2) == 0 {
			known = max(known, r.l.Synced())
		}
		must = r.crash(rng.IntN(4))
	}
	return true
}

// TestCrashAtEveryStep crashes one history at each of its steps, recovers,
// writes on, cuts the power, and recovers again.
func TestCrashAtEveryStep(t *testing.T) {
	history := func(r *rig) error {
		rng := rand.New(rand.NewPCG(7, 7))
		if err := r.start(r.from, r.synced); err != nil {
			return err
		}
		for range 150 {
			if err := r.random(rng); err != nil {
				return err
			}
		}
		return nil
	}
	count := newRig(t, 1)
	if err := history(count); err != nil {
		t.Fatal(err)
	}
	steps := count.fs.Steps()
	t.Logf("%d steps", steps)
	for step := 1; step <= steps; step++ {
		for how := range 3 {
			r := newRig(t, uint64(step*3+how))
			r.fs.CrashAt(step)
			err := history(r)
			if err != nil && !failed(err) {
				t.Fatalf("step %d: %v", step, err)
			}
			r.mustStart(r.from, r.crash(how))
			for range 5 {
				if err := r.append(300); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.write(); err != nil {
				t.Fatal(err)
			}
			r.mustStart(r.from, r.crash(2))
			r.crash(0)
		}
	}
}

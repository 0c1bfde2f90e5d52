package main

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// threads returns how many threads of this process have which policy.
func threads(t *testing.T) map[int]int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	count := map[int]int{}
	for _, thread := range all {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			t.Fatal(err)
		}
		if policy, err := scheduling(id); err == nil {
			count[policy]++
		}
	}
	return count
}

// startThreads makes n threads, which end when stop is called.
func startThreads(n int) (stop func()) {
	var begun, ended sync.WaitGroup
	quit := make(chan struct{})
	begun.Add(n)
	for range n {
		ended.Go(func() {
			runtime.LockOSThread()
			begun.Done()
			<-quit
		})
	}
	begun.Wait()
	return func() {
		close(quit)
		ended.Wait()
	}
}

func TestPoliteness(t *testing.T) {
	if threads(t)[schedNormal] == 0 {
		t.Skip("the tests run with another scheduling policy")
	}
	polite := politeness()
	defer startThreads(5)()
	polite(true)
	if err := setScheduling(0, schedBatch); err == syscall.EPERM {
		t.Skip("the system does not allow it")
	}
	defer startThreads(5)()
	if count := threads(t); count[schedNormal] != 0 || count[schedBatch] < 10 {
		t.Errorf("threads by policy: %v; all, also new ones, are to be polite", count)
	}
	if p := politeness(); p != nil {
		t.Error("somebody else has chosen the policy; it is changed")
	}
	polite(false)
	defer startThreads(5)()
	if count := threads(t); count[schedBatch] != 0 || count[schedNormal] < 15 {
		t.Errorf("threads by policy: %v; none is to be polite any more", count)
	}
}

// TestPolitenessLeavesOthersAlone has a thread that somebody has given a policy of
// its own.
func TestPolitenessLeavesOthersAlone(t *testing.T) {
	const schedIdle = 5
	polite := politeness()
	if polite == nil {
		t.Skip("the tests run with another scheduling policy")
	}
	runtime.LockOSThread() // it ends with the test, which does not unlock it
	if err := setScheduling(0, schedIdle); err != nil {
		t.Skip("the system does not allow it:", err)
	}
	for _, on := range []bool{true, false} {
		polite(on)
		if got, err := scheduling(0); got != schedIdle || err != nil {
			t.Errorf("policy %d, %v", got, err)
		}
	}
}

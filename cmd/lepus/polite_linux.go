package main

import (
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

// The policies of sched(7) for threads without a claim to be on time.
const (
	schedNormal = 0
	schedBatch  = 3
)

// politeness returns what makes the threads of this process polite, and stops that:
// when there is something to do for one, it does not take the core from whoever is
// at work there, but waits for its turn (SCHED_BATCH, sched(7)). More has come by then,
// and a client that is itself at work on that core can go on writing
// (broker/DESIGN.md S2). It is nil, which is never, if the administrator has chosen
// how the process is scheduled.
func politeness() func(on bool) {
	if policy, err := scheduling(0); err != nil || policy != schedNormal {
		return nil
	}
	return func(on bool) {
		from, to := schedBatch, schedNormal
		if on {
			from, to = to, from
		}
		// A thread begins as the one that has made it was then.
		for reschedule(from, to) {
		}
	}
}

// reschedule gives all threads that have one policy another, and reports whether
// there were any.
func reschedule(from, to int) (any bool) {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return false
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			continue
		}
		// It may have ended by now, or the system may not allow it: then it is as it was.
		if policy, err := scheduling(id); err == nil && policy == from {
			any = setScheduling(id, to) == nil || any
		}
	}
	return any
}

// scheduling returns the policy of a thread, 0 is the one that asks.
func scheduling(thread int) (policy int, err error) {
	p, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETSCHEDULER, uintptr(thread), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(p), nil
}

// setScheduling changes it, and nothing else about the thread.
func setScheduling(thread, policy int) error {
	var priority int32 // these policies know one only
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETSCHEDULER, uintptr(thread), uintptr(policy), uintptr(unsafe.Pointer(&priority)))
	if errno != 0 {
		return errno
	}
	return nil
}

//go:build unix

package main

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
)

// sendSignal sends a signal to this process. Where it cannot, these tests are left out.
func sendSignal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}

func TestPerfIsBlocked(t *testing.T) {
	f := brokertest.Start(t)
	r := startPerf(t, "--uri", f.URL, "-c", "100", "-r", "1000")
	r.await(t, goesOn)
	f.Broker.SetAlarm(broker.MemoryAlarm, true)
	r.await(t, `sent 0 msg/s.*1 blocked`)
	f.Broker.SetAlarm(broker.MemoryAlarm, false)
	r.await(t, `confirmed [1-9]\d* msg/s`)
	f.Broker.SetAlarm(broker.DiskAlarm, true)
	r.await(t, `sent 0 msg/s.*1 blocked`)
	sendSignal(t, syscall.SIGINT)
	result, err := r.end(t)
	if err != nil || result.Blocked != 2 || result.Received.Messages == 0 || result.Lost != 0 {
		t.Errorf("%v, %+v", err, result)
	}
}

// A producer that is stuck in the middle of a write is blocked no less.
func TestPerfIsBlockedAtFullSpeed(t *testing.T) {
	f := brokertest.Start(t)
	r := startPerf(t, "--uri", f.URL, "-a", "-s", "1000")
	r.await(t, goesOn)
	f.Broker.SetAlarm(broker.MemoryAlarm, true)
	r.await(t, `sent 0 msg/s, received 0 msg/s, 1 blocked`)
	sendSignal(t, syscall.SIGINT)
	result, err := r.end(t)
	if err != nil || result.Blocked != 1 || result.Lost != 0 {
		t.Errorf("%v, %+v", err, result)
	}
}

func TestPerfIsInterrupted(t *testing.T) {
	f := brokertest.Start(t)
	for _, args := range []string{"-a -s 1000", "-c 100 -q 10", "-x 0", "-y 0 -r 100", "-r 1 -R 1"} {
		r := startPerf(t, append([]string{"--uri", f.URL}, strings.Fields(args)...)...)
		r.await(t, "^time")
		sendSignal(t, syscall.SIGINT)
		result, err := r.end(t)
		if err != nil || result.Lost != 0 {
			t.Errorf("%s: %v, %+v", args, err, result)
		}
	}
}

func TestSignalEndsTheServerInOrder(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		s := startServer(t, "--ephemeral", "--listen", "127.0.0.1:0")
		sendSignal(t, sig)
		if err := <-s.ended; err != nil {
			t.Errorf("%v: it ended with %v", sig, err)
		}
		if !strings.Contains(s.stderr.String(), "shut down") {
			t.Errorf("%v: its log is %q", sig, s.stderr)
		}
	}
}

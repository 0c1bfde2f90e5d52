// Package brokertest gives a test a broker of its own in one line:
//
//	url := brokertest.Start(t).URL
//
// The broker runs in the test's process, in memory and on a free port. It is
// stopped and checked at the end of the test.
package brokertest

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/lepusmq/lepus/broker"
)

// patience is how long a stopped broker's goroutines may take to end, which only
// passes in full when one does not, and how long clients may take to come in:
// the machine may stall for seconds.
const patience = time.Minute

// Fixture is a running broker.
type Fixture struct {
	// URL is what a client connects with.
	URL string
	// ManagementURL is where its management API is, "http://127.0.0.1:…"; empty unless
	// it was started with [WithManagement].
	ManagementURL string
	// Broker is for tests that look inside or end it early.
	Broker *broker.Broker
}

// Start returns a broker that accepts connections, or fails the test. Each
// change is applied to its configuration before it is made.
//
// At the end of the test the broker is shut down; the test fails if it does
// not end in order, if its invariants do not hold or if it leaves a goroutine.
// What it logs is shown when the test fails or runs with -v.
func Start(t testing.TB, change ...func(*broker.Config)) *Fixture {
	t.Helper()
	cfg := broker.Config{Log: zaptest.NewLogger(t), HandshakeTimeout: patience, TLSHandshakeTimeout: patience}
	for _, c := range change {
		c(&cfg)
	}
	f := &Fixture{Broker: broker.New(cfg)}
	mark := fmt.Sprintf("%p", f)
	var err error
	// Goroutines inherit the label from the one that starts them, so that all
	// of this broker's can be told from those of the test and of other tests.
	pprof.Do(context.Background(), pprof.Labels(label, mark), func(context.Context) {
		err = f.Broker.Start()
	})
	if err != nil {
		t.Fatalf("start a broker: %v", err)
	}
	f.URL = f.Broker.URL()
	for _, l := range f.Broker.Node().Listeners {
		if l.Protocol == "http" {
			f.ManagementURL = fmt.Sprintf("http://127.0.0.1:%d", l.Port)
		}
	}
	t.Cleanup(func() { f.stop(t, mark) })
	return f
}

// WithManagement is a change for [Start] that has the broker serve its management
// API.
func WithManagement(c *broker.Config) { c.Management.Listen = []string{"127.0.0.1:0"} }

func (f *Fixture) stop(t testing.TB, mark string) {
	t.Helper()
	if err := f.Broker.Check(); err != nil {
		t.Errorf("broker: %v", err)
	}
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Errorf("shut the broker down: %v", err)
	}
	if left := awaitGoroutines(mark); left != "" {
		t.Errorf("the broker left goroutines:\n%s", left)
	}
}

// label is the profiler label that a broker's goroutines carry.
const label = "brokertest"

// awaitGoroutines waits for the goroutines with a label to end and returns
// the stacks of those that do not.
func awaitGoroutines(mark string) string {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		left := goroutines(mark)
		if left == "" || time.Now().After(deadline) {
			return left
		}
	}
}

// goroutines returns the stacks of the goroutines with a label.
func goroutines(mark string) string {
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		return err.Error()
	}
	var left []string
	for stack := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(stack, fmt.Sprintf("%q:%q", label, mark)) {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

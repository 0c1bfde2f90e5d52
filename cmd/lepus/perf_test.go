package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/cmd/lepus/perf"
)

// runPerfJSON runs the real command and returns its result, and its progress.
func runPerfJSON(t *testing.T, args ...string) (r perf.Result, progress string, err error) {
	t.Helper()
	out, progress, err := runCommand(t, append([]string{"perf", "--json"}, args...)...)
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if derr := dec.Decode(&r); derr != nil {
		t.Fatalf("no result: %v in %q (%v)", derr, out, err)
	}
	return r, progress, err
}

func TestPerfMeasures(t *testing.T) {
	url := brokertest.Start(t).URL
	for name, args := range map[string]string{
		"transient":  "-a -C 5000",
		"acks":       "-C 5000 -q 20",
		"many acks":  "-C 5000 -q 100 -A 30 -s 1000",
		"confirms":   "-C 5000 -c 50 -f persistent -f mandatory",
		"large":      "-C 20 -c 5 -s 400000",
		"many":       "-C 1000 -x 3 -y 2",
		"rates":      "-C 100 -r 5000 -R 4000",
		"named":      "-C 1000 -u named",
		"pattern":    "-C 1000 -x 4 -y 4 -qp q-%d -qpf 7 -qpt 8",
		"topic":      "-C 1000 -t topic -k a.b -e perf-topic",
		"amq.fanout": "-C 1000 -t fanout -e amq.fanout",
	} {
		r, _, err := runPerfJSON(t, append([]string{"--uri", url}, strings.Fields(args)...)...)
		if err != nil || len(r.Errors) > 0 {
			t.Errorf("%s: %v %q", name, err, r.Errors)
		}
		n := r.Sent.Messages
		if n == 0 || r.Received.Messages != n || r.Received.Rate <= 0 || r.Sent.Bytes != r.Sent.Rate*float64(r.Size) {
			t.Errorf("%s: sent %+v, received %+v", name, r.Sent, r.Received)
		}
		if l := r.Delivery; l.Count != n || !(0 < l.Min && l.Min <= l.P50 && l.P50 <= l.P99 && l.P99 <= l.Max) {
			t.Errorf("%s: latency %+v", name, l)
		}
		if confirms := strings.Contains(args, "-c "); confirms != (r.Confirm.Count == n) || confirms != (r.Confirmed.Messages == n) {
			t.Errorf("%s: confirmed %+v, latency %+v", name, r.Confirmed, r.Confirm)
		}
		if r.Lost+r.OutOfOrder+r.Backlog+r.Returned+r.Nacked+r.Blocked != 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// Every queue gets a message that is sent to all of them.
func TestPerfToEveryQueue(t *testing.T) {
	url := brokertest.Start(t).URL
	r, _, err := runPerfJSON(t, "--uri", url, "-t", "fanout", "-qp", "f-%d", "-qpt", "3", "-x", "2", "-y", "3", "-C", "500")
	if err != nil || r.Sent.Messages != 1000 || r.Received.Messages != 3000 || r.Lost+r.OutOfOrder+r.Backlog != 0 {
		t.Errorf("%v, sent %d, received %d, %+v", err, r.Sent.Messages, r.Received.Messages, r)
	}
}

// A queue is filled by one run and drained by another.
func TestPerfFillsAndDrains(t *testing.T) {
	url := brokertest.Start(t).URL
	r, _, err := runPerfJSON(t, "--uri", url, "-u", "backlog", "-y", "0", "-C", "3000")
	if err != nil || r.Sent.Messages != 3000 || r.Received.Messages != 0 || r.Backlog != 0 {
		t.Errorf("fill: %v, %+v", err, r)
	}
	drained := int64(0)
	eventually(t, "the queue is drained", func() bool {
		r, _, err = runPerfJSON(t, "--uri", url, "-u", "backlog", "-x", "0", "-z", "0.3")
		if err != nil || r.Sent.Messages != 0 || r.Delivery.Count != r.Received.Messages {
			t.Fatalf("drain: %v, %+v", err, r)
		}
		drained += r.Received.Messages
		return drained >= 3000
	})
	r, _, err = runPerfJSON(t, "--uri", url, "-e", "amq.direct", "-k", "nowhere", "-p", "-y", "0", "-C", "30", "-f", "mandatory")
	if err != nil || r.Sent.Messages != 30 || r.Returned != 30 {
		t.Errorf("return: %v, %+v", err, r)
	}
}

func TestPerfWritesTables(t *testing.T) {
	url := brokertest.Start(t).URL
	out, errOut, err := runCommand(t, "perf", "--uri", url, "-C", "400", "-i", "0.1", "-r", "1000", "-c", "100")
	if err != nil || errOut != "" {
		t.Errorf("%v %q", err, errOut)
	}
	for _, want := range []string{
		`(?m)^time \d+\.\ds, sent \d+ msg/s, confirmed \d+ msg/s, received \d+ msg/s, ` +
			`confirm latency p50/p95/p99/max (\d+/){3}\d+ µs, latency p50/p95/p99/max (\d+/){3}\d+ µs$`,
		`(?m)^ +messages +msg/s +MB/s$`,
		`(?m)^ +sent +400 +\d+ +0\.0$`,
		`(?m)^ +received +400 +\d+ +0\.0$`,
		`(?m)^ +confirmed +400 +\d+ +0\.0$`,
		`(?m)^ +min +p50 +p75 +p95 +p99 +p99.9 +max$`,
		`(?m)^ *confirm latency, µs( +\d+){7}$`,
		`(?m)^ *latency, µs( +\d+){7}$`,
		`(?m)^errors 0, returned 0, nacked 0, blocked 0, out of order 0, lost 0, backlog 0$`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}

func TestPerfRefused(t *testing.T) {
	url := brokertest.Start(t).URL
	for args, want := range map[string]string{
		"-f durable":                     `flag "durable" is neither persistent nor mandatory`,
		"-s x":                           `invalid value "x" for flag -s`,
		"-x 0 -y 0":                      "nothing to do",
		"--uri http://localhost":         "only amqp:// is known",
		"-u none -p":                     "404 NOT_FOUND - no queue 'none' in vhost '/'",
		"-p -e none -k k -y 0 -C 1 -c 1": "404 NOT_FOUND - no exchange 'none' in vhost '/'",
		"-e x -t none":                   "declare exchange x: the broker closed the channel: 406",
	} {
		_, _, err := runCommand(t, append([]string{"perf", "--uri", url}, strings.Fields(args)...)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
	wrong := strings.Replace(url, "guest:guest", "guest:wrong", 1)
	if _, _, err := runCommand(t, "perf", "--uri", wrong); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("wrong password: %v", err)
	}
}

// perfRun is the perf command, running.
type perfRun struct {
	lines  *bufio.Scanner // its progress
	result bytes.Buffer   // to be read at its end
	ended  chan error
}

// startPerf runs the real command, with its result as JSON.
func startPerf(t *testing.T, args ...string) *perfRun {
	t.Helper()
	out, in := io.Pipe()
	r := &perfRun{lines: bufio.NewScanner(out), ended: make(chan error, 1)}
	go func() {
		err := newApp(&r.result, in).RunContext(context.Background(), append([]string{"lepus", "perf", "--json", "-i", "0.05"}, args...))
		_ = in.Close()
		r.ended <- err
	}()
	return r
}

// await reads progress up to a line that has a match.
func (r *perfRun) await(t *testing.T, pattern string) {
	t.Helper()
	want := regexp.MustCompile(pattern)
	for r.lines.Scan() {
		if want.MatchString(r.lines.Text()) {
			return
		}
	}
	t.Fatalf("it never said %s and ended with %v", pattern, <-r.ended)
}

// end reads the rest and returns the result.
func (r *perfRun) end(t *testing.T) (result perf.Result, err error) {
	t.Helper()
	for r.lines.Scan() {
	}
	err = <-r.ended
	if derr := json.Unmarshal(r.result.Bytes(), &result); derr != nil {
		t.Fatalf("no result: %v in %q (%v)", derr, &r.result, err)
	}
	return result, err
}

const goesOn = `received [1-9]\d* msg/s`

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
	interrupt(t)
	result, err := r.end(t)
	if err != nil || result.Blocked != 2 || result.Received.Messages == 0 || result.Lost != 0 {
		t.Errorf("%v, %+v", err, result)
	}
}

func interrupt(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// A producer that is stuck in the middle of a write is blocked no less.
func TestPerfIsBlockedAtFullSpeed(t *testing.T) {
	f := brokertest.Start(t)
	r := startPerf(t, "--uri", f.URL, "-a", "-s", "1000")
	r.await(t, goesOn)
	f.Broker.SetAlarm(broker.MemoryAlarm, true)
	r.await(t, `sent 0 msg/s, received 0 msg/s, 1 blocked`)
	interrupt(t)
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
		interrupt(t)
		result, err := r.end(t)
		if err != nil || result.Lost != 0 {
			t.Errorf("%s: %v, %+v", args, err, result)
		}
	}
}

func TestPerfLosesItsBroker(t *testing.T) {
	f := brokertest.Start(t)
	r := startPerf(t, "--uri", f.URL, "-c", "100")
	r.await(t, goesOn)
	if err := f.Broker.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	result, err := r.end(t)
	if err == nil || !strings.Contains(err.Error(), "320 CONNECTION_FORCED") || len(result.Errors) == 0 {
		t.Errorf("%v, %+v", err, result)
	}
	if result.Received.Messages == 0 || result.Lost != 0 {
		t.Errorf("%+v", result)
	}
}

package ctl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// pollEvery is how often something is asked that is waited for.
const pollEvery = 50 * time.Millisecond

const nodeGroup = "Nodes"

func nodeCommands() []*command {
	pidFlag := []flag{{name: "pid", short: "P", value: true, number: true, doc: "the process to wait for"}}
	return []*command{
		{
			name: "await_startup", tools: Ctl | Diagnostics, group: nodeGroup,
			doc: "Waits until the broker serves clients",
			run: func(ctx context.Context, c *call) (any, error) { return nil, c.awaitRunning(ctx, nil) },
		},
		{
			name: "reset", tools: Ctl, group: nodeGroup,
			doc:    "Deletes all that the broker holds; it must have been stopped with stop_app",
			banner: aboutNode("Resetting node %s ..."),
			run:    asks("reset"),
		},
		{
			name: "force_reset", tools: Ctl, group: nodeGroup,
			doc:    "Does what reset does",
			banner: aboutNode("Forcefully resetting node %s ..."),
			run:    asks("reset"),
		},
		{
			name: "rotate_logs", tools: Ctl, group: nodeGroup, max: -1,
			doc: "Does nothing, as in RabbitMQ",
			run: func(context.Context, *call) (any, error) {
				return nil, fail(exitUnavailable, "This command does not rotate logs anymore [deprecated]")
			},
		},
		{
			name: "shutdown", tools: Ctl, group: nodeGroup, args: "[--no-wait]",
			flags:  []flag{{name: "no-wait", doc: "do not wait until the process has ended"}, {name: "wait", doc: "wait until the process has ended; it is so anyway"}},
			doc:    "Ends the broker in order and waits until its process is gone",
			banner: func(c *call) string { return "Shutting down RabbitMQ node " + c.node + " ..." },
			run:    func(ctx context.Context, c *call) (any, error) { return nil, c.stop(ctx, !c.has("no-wait")) },
		},
		{
			name: "start_app", tools: Ctl, group: nodeGroup,
			doc:    "Lets a broker that was stopped with stop_app serve again",
			banner: aboutNode("Starting node %s ..."),
			run:    asks("start-app"),
		},
		{
			name: "stop", tools: Ctl, group: nodeGroup, args: "[--idempotent] [<pidfile>]", max: 1,
			flags:  []flag{{name: "idempotent", doc: "it is fine if it does not run"}},
			doc:    "Ends the broker in order",
			banner: aboutNode("Stopping and halting node %s ..."),
			run: func(ctx context.Context, c *call) (any, error) {
				err := c.stop(ctx, len(c.args) > 0)
				var away *api.UnreachableError
				if c.has("idempotent") && errors.As(err, &away) {
					return fmt.Sprintf("Node %s is no longer running", c.node), nil
				}
				return nil, err
			},
		},
		{
			name: "stop_app", tools: Ctl, group: nodeGroup,
			doc:    "Ends the broker in order but not its process, until start_app",
			banner: aboutNode("Stopping rabbit application on node %s ..."),
			run:    asks("stop-app"),
		},
		{
			name: "wait", tools: Ctl | Diagnostics, group: nodeGroup, args: "[<pidfile>] [--pid|-P <pid>] [--timeout <timeout>]", max: 1,
			flags: pidFlag, doc: "Waits until the broker of a process, or of the process whose number is in a file, serves clients",
			check: func(c *call) error {
				if len(c.args) == 0 && !c.has("pid") {
					return wrongUse(exitUsage, "No pid or pidfile provided")
				}
				return nil
			},
			banner: waitBanner, run: wait,
		},
		{
			name: "force_gc", tools: Ctl, group: "Operations",
			doc:    "Has garbage collected now",
			banner: aboutNode("Will ask all processes on node %s to schedule a full sweep GC"),
			run:    asks("collect"),
		},
	}
}

// stop ends the broker and, if it is waited for, returns when nobody answers
// any more.
func (c *call) stop(ctx context.Context, waiting bool) error {
	if err := c.control(ctx, http.MethodPost, "stop", nil, nil); err != nil || !waiting {
		return err
	}
	return poll(ctx, func() (bool, error) {
		var away *api.UnreachableError
		err := c.api.Get(ctx, api.Path("lepus", "node"), nil)
		return errors.As(err, &away) && ctx.Err() == nil, nil
	})
}

// poll asks until it is so, fails, or ctx ends.
func poll(ctx context.Context, so func() (bool, error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if ok, err := so(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// awaitRunning returns when the broker serves; it fails when still does.
func (c *call) awaitRunning(ctx context.Context, still func() error) error {
	return poll(ctx, func() (bool, error) {
		if still != nil {
			if err := still(); err != nil {
				return false, err
			}
		}
		running, err := c.running(ctx)
		return err == nil && running, nil
	})
}

// running says whether the broker serves clients. Where there is no word for
// that, it does if its API answers.
func (c *call) running(ctx context.Context) (bool, error) {
	var n node
	err := c.api.Get(ctx, api.Path("lepus", "node"), &n)
	if notOffered(err) {
		return true, c.api.Get(ctx, api.Path("whoami"), nil)
	}
	return n.State == "running", err
}

func waitBanner(c *call) string {
	if c.has("pid") {
		return fmt.Sprintf("Waiting for erlang distribution on node '%s' while OS process '%s' is running", c.node, c.option("pid", ""))
	}
	return fmt.Sprintf("Waiting for pid file '%s' to appear", c.args[0])
}

// wait waits for a process, once it is known, as long as that lives.
func wait(ctx context.Context, c *call) (any, error) {
	pid := c.number("pid", 0)
	if pid == 0 {
		err := poll(ctx, func() (bool, error) {
			content, err := os.ReadFile(c.args[0])
			if err != nil {
				return false, nil // not yet
			}
			pid, err = strconv.Atoi(strings.TrimSpace(string(content)))
			return err == nil, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return nil, c.awaitRunning(ctx, func() error {
		if !processLives(pid) {
			return fail(exitUnavailable, "process_not_running")
		}
		return nil
	})
}

package ctl

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// followCommands show the log and what happens in the broker.
func followCommands() []*command {
	duration := flag{name: "duration", short: "d", value: true, number: true, doc: "for how many seconds; without it, until it is stopped"}
	return []*command{
		{
			name: "log_tail", tools: Diagnostics, group: monitoringGroup, args: "[--number|-N <number>]",
			flags: []flag{{name: "number", short: "N", value: true, number: true, doc: "how many lines; 50 if not said"}},
			doc:   "Prints the last lines of the broker's log",
			banner: func(c *call) string {
				return fmt.Sprintf("Last %d log lines on node %s ...", c.number("number", 50), c.node)
			},
			run: logTail,
		},
		{
			name: "log_tail_stream", tools: Diagnostics, group: monitoringGroup, args: "[--duration|-d <seconds>]", patience: -1, flags: []flag{duration},
			doc: "Prints the lines of the broker's log as they come",
			banner: func(c *call) string {
				if seconds := c.number("duration", 0); seconds > 0 {
					return fmt.Sprintf("Streaming logs from node %s for %d seconds ...", c.node, seconds)
				}
				return fmt.Sprintf("Streaming logs from node %s ...", c.node)
			},
			run: func(ctx context.Context, c *call) (any, error) {
				return silent{}, c.follow(ctx, api.Path("lepus", "log")+"?follow=true", func(line string) error {
					_, err := fmt.Fprintln(c.stdout, line)
					return err
				})
			},
		},
		{
			name: "consume_event_stream", tools: Diagnostics, group: monitoringGroup, args: "[--duration|-d <seconds>] [--pattern <pattern>]", patience: -1,
			flags: []flag{duration, {name: "pattern", value: true, doc: "regular expression that the events' names fit"}},
			doc:   "Prints what happens in the broker as it does, an object of JSON a line",
			check: func(c *call) error {
				if _, err := regexp.Compile(c.option("pattern", "")); err != nil {
					return badArgument("%v", err)
				}
				return nil
			},
			run: consumeEvents,
		},
	}
}

func logTail(ctx context.Context, c *call) (any, error) {
	n := c.number("number", 50)
	var got struct{ Lines []string }
	err := c.controlAt(ctx, api.Request{Method: http.MethodGet, Path: api.Path("lepus", "log") + fmt.Sprintf("?lines=%d", n)}, &got)
	if err != nil {
		return nil, err
	}
	return report{text: strings.Join(got.Lines, "\n"), value: got.Lines}, nil
}

func consumeEvents(ctx context.Context, c *call) (any, error) {
	pattern := regexp.MustCompile(c.option("pattern", "")) // it has been checked
	return silent{}, c.follow(ctx, api.Path("lepus", "events"), func(line string) error {
		var e struct{ Event string }
		if err := json.Unmarshal([]byte(line), &e); err == nil && !pattern.MatchString(e.Event) {
			return nil
		}
		_, err := fmt.Fprintln(c.stdout, line)
		return err
	})
}

// follow reads what goes on at a path for as long as is wanted.
func (c *call) follow(ctx context.Context, path string, each func(string) error) error {
	if seconds := c.number("duration", 0); seconds > 0 {
		until, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
		defer cancel()
		err := c.offered(c.api.Stream(until, path, each))
		if until.Err() != nil && ctx.Err() == nil {
			return nil
		}
		return err
	}
	return c.offered(c.api.Stream(ctx, path, each))
}

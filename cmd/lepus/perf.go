package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lepusmq/lepus/cmd/lepus/perf"
)

func perfCommand() *cli.Command {
	const where, publishing, consuming, output = "Where to", "Publishing", "Consuming", "Run and output"
	return &cli.Command{
		Name:      "perf",
		Usage:     "put an AMQP 0-9-1 broker under load and measure it",
		UsageText: "lepus perf [flags]",
		Description: "Options are named as those of RabbitMQ's PerfTest and mean the same. A run ends when\n" +
			"all is sent, when the time is over or when it is interrupted. Times are in seconds,\n" +
			"measured latencies in microseconds.",
		Action: runPerf,
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name: "uri", Category: where, Value: "amqp://guest:guest@localhost:5672",
				Usage: "connect to the broker at `URI`: amqp://user:password@host:port/vhost",
			},
			&cli.StringFlag{
				Name: "queue", Aliases: []string{"u"}, Category: where,
				Usage: "use the queue `NAME`; by default one that is made for the run and deleted after it",
			},
			&cli.StringFlag{
				Name: "queue-pattern", Aliases: []string{"qp"}, Category: where,
				Usage: "use many queues in turn, named by `PATTERN` with a number for its %d",
			},
			&cli.IntFlag{
				Name: "queue-pattern-from", Aliases: []string{"qpf"}, Category: where, Value: 1,
				Usage: "number the queues of the pattern from `N` on",
			},
			&cli.IntFlag{
				Name: "queue-pattern-to", Aliases: []string{"qpt"}, Category: where, Value: 1,
				Usage: "number the queues of the pattern up to `N`",
			},
			&cli.StringFlag{
				Name: "exchange", Aliases: []string{"e"}, Category: where,
				Usage: "publish to the exchange `NAME`; by default the one called as its type, or the default exchange",
			},
			&cli.StringFlag{
				Name: "type", Aliases: []string{"t"}, Category: where,
				Usage: "declare the exchange with `TYPE`, direct by default",
			},
			&cli.StringFlag{
				Name: "routing-key", Aliases: []string{"k"}, Category: where,
				Usage: "publish and bind with `KEY`, by default the name of the queue",
			},
			&cli.BoolFlag{
				Name: "predeclared", Aliases: []string{"p"}, Category: where,
				Usage: "declare and bind nothing: exchange and queues are there",
			},
			&cli.BoolFlag{
				Name: "auto-delete", Aliases: []string{"ad"}, Category: where, Value: true,
				Usage: "declare queues and exchange so that they go when they are no longer used",
			},
			&cli.IntFlag{
				Name: "producers", Aliases: []string{"x"}, Category: publishing, Value: 1,
				Usage: "publish over `N` connections",
			},
			&cli.IntFlag{
				Name: "size", Aliases: []string{"s"}, Category: publishing, Value: 16,
				Usage: "publish bodies of `N` bytes; there are no latencies below 16",
			},
			&cli.StringSliceFlag{
				Name: "flag", Aliases: []string{"f"}, Category: publishing,
				Usage: "publish with `FLAG`: persistent or mandatory; can be repeated",
			},
			&cli.Float64Flag{
				Name: "rate", Aliases: []string{"r"}, Category: publishing,
				Usage: "let each producer publish `N` messages a second, 0 is as many as go",
			},
			&cli.IntFlag{
				Name: "pmessages", Aliases: []string{"C"}, Category: publishing,
				Usage: "let each producer publish `N` messages, 0 is no end",
			},
			&cli.IntFlag{
				Name: "confirm", Aliases: []string{"c"}, Category: publishing,
				Usage: "have publishes confirmed, of each producer at most `N` not yet; 0 is no confirms",
			},
			&cli.IntFlag{
				Name: "consumers", Aliases: []string{"y"}, Category: consuming, Value: 1,
				Usage: "consume over `N` connections",
			},
			&cli.Float64Flag{
				Name: "consumer-rate", Aliases: []string{"R"}, Category: consuming,
				Usage: "let each consumer take `N` messages a second, 0 is as many as go",
			},
			&cli.BoolFlag{
				Name: "autoack", Aliases: []string{"a"}, Category: consuming,
				Usage: "consume without acks",
			},
			&cli.IntFlag{
				Name: "qos", Aliases: []string{"q"}, Category: consuming,
				Usage: "let each consumer have `N` messages unacked, 0 is no limit",
			},
			&cli.IntFlag{
				Name: "multi-ack-every", Aliases: []string{"A"}, Category: consuming,
				Usage: "ack `N` messages at once, 0 is each by itself",
			},
			&cli.Float64Flag{
				Name: "time", Aliases: []string{"z"}, Category: output,
				Usage: "publish for so many `SECONDS`, 0 is no end",
			},
			&cli.Float64Flag{
				Name: "interval", Aliases: []string{"i"}, Category: output, Value: 1,
				Usage: "write a line of progress every so many `SECONDS`",
			},
			&cli.BoolFlag{
				Name: "json", Category: output,
				Usage: "write the result as JSON, and progress to standard error",
			},
		},
	}
}

// runPerf makes the load until it ends, a signal comes or the command's context
// ends.
func runPerf(c *cli.Context) error {
	o, err := perfOptions(c)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal does not wait for an orderly end.
	context.AfterFunc(ctx, stop)

	progress := c.App.Writer
	if c.Bool("json") {
		progress = c.App.ErrWriter
	}
	result, err := perf.Run(ctx, o, progress)
	if result == nil {
		return err
	}
	if c.Bool("json") {
		out := json.NewEncoder(c.App.Writer)
		out.SetIndent("", "  ")
		return errors.Join(err, out.Encode(result))
	}
	return errors.Join(err, result.WriteTable(c.App.Writer))
}

func perfOptions(c *cli.Context) (perf.Options, error) {
	if err := noArguments(c); err != nil {
		return perf.Options{}, err
	}
	o := perf.Options{
		URI:          c.String("uri"),
		Producers:    c.Int("producers"),
		Consumers:    c.Int("consumers"),
		Queue:        c.String("queue"),
		QueuePattern: c.String("queue-pattern"),
		QueueFrom:    c.Int("queue-pattern-from"),
		QueueTo:      c.Int("queue-pattern-to"),
		Exchange:     c.String("exchange"),
		Type:         c.String("type"),
		RoutingKey:   c.String("routing-key"),
		Predeclared:  c.Bool("predeclared"),
		AutoDelete:   c.Bool("auto-delete"),
		Size:         c.Int("size"),
		Rate:         c.Float64("rate"),
		Messages:     c.Int("pmessages"),
		Time:         seconds(c.Float64("time")),
		Confirm:      c.Int("confirm"),
		ConsumerRate: c.Float64("consumer-rate"),
		AutoAck:      c.Bool("autoack"),
		Prefetch:     c.Int("qos"),
		AckEvery:     c.Int("multi-ack-every"),
		Interval:     seconds(c.Float64("interval")),
	}
	for _, f := range c.StringSlice("flag") {
		switch f {
		case "persistent":
			o.Persistent = true
		case "mandatory":
			o.Mandatory = true
		default:
			return perf.Options{}, fmt.Errorf("flag %q is neither persistent nor mandatory", f)
		}
	}
	return o, nil
}

// seconds returns a time given in seconds. One that is too long is the longest
// there is, which nothing accepts.
func seconds(s float64) time.Duration {
	if s > math.MaxInt64/float64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(s * float64(time.Second))
}

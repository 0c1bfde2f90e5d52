package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/cmd/lepus/node"
)

func serverCommand() *cli.Command {
	const network, queues, storage, memory, logging = "Network", "Queues", "Storage", "Memory", "Logging"
	return &cli.Command{
		Name:      "server",
		Usage:     "run a broker until it is told to stop (SIGTERM, SIGINT)",
		UsageText: "lepus server [flags]",
		Action:    runServer,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{
				Name: "listen", Category: network, Value: cli.NewStringSlice(":5672"),
				Usage: "accept connections on `HOST:PORT`, an empty host is every interface; can be repeated",
			},
			&cli.StringSliceFlag{
				Name: "loopback-users", Category: network, Value: cli.NewStringSlice("guest"),
				Usage: "let `USER` log in from this machine only, none lets everybody in from everywhere; can be repeated",
			},
			&cli.StringFlag{
				Name: "report-version", Category: network, Value: broker.DefaultVersion,
				Usage: "tell clients that this is RabbitMQ `VERSION`",
			},
			&cli.StringFlag{
				Name: "default-queue-type", Category: queues, Value: "classic",
				Usage: "make a queue whose declaration does not say, and that can be one, a `TYPE` queue: classic or quorum",
			},
			&cli.DurationFlag{
				Name: "consumer-timeout", Category: queues, Value: 30 * time.Minute,
				Usage: "let consumers keep a message without acking it for `TIME`, unless its queue says otherwise; 0 is for ever",
			},
			&cli.BoolFlag{
				Name: "consumer-timeout-cancels", Category: queues,
				Usage: "cancel consumers that are late, as RabbitMQ 4.3 does, instead of closing their channels",
			},
			&cli.PathFlag{
				Name: "data-dir", Category: storage, Value: defaultDataDir(runtime.GOOS, os.Getenv),
				Usage: "keep messages and definitions in `FOLDER`",
			},
			&cli.BoolFlag{
				Name: "ephemeral", Category: storage,
				Usage: "keep everything in memory and ignore --data-dir",
			},
			&cli.BoolFlag{
				Name: "accept-log-loss", Category: storage,
				Usage: "start on a damaged log, without what the damage took",
			},
			&cli.StringFlag{
				Name: "memory-limit", Category: memory, DefaultText: "what the machine or the cgroup has",
				Usage: "use `AMOUNT` of memory in all: 1073741824, 512MiB, 2GB",
			},
			&cli.StringFlag{
				Name: "vm-memory-high-watermark", Category: memory, Value: "0.6",
				Usage: "block publishers while more than `LEVEL` of memory is used: a share of the limit from 0 to 1, or an amount",
			},
			&cli.StringFlag{
				Name: "log-level", Category: logging, Value: "info",
				Usage: "log from `LEVEL` on: debug, info, warn or error",
			},
			&cli.StringFlag{
				Name: "log-format", Category: logging, Value: "console",
				Usage: "write log lines as `FORMAT`: console or json",
			},
		},
	}
}

// runServer runs a broker until a signal comes, the command's context ends or
// the broker fails. The limit of open files needs no care: the Go runtime
// raises it as far as it is allowed to.
func runServer(c *cli.Context) error {
	cfg, err := serverConfig(c)
	if err != nil {
		return err
	}
	defer collectOften()()
	ctx, stop := signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM)
	defer stop()

	n, err := node.Start(node.Config{Broker: cfg, Environment: settings(c)})
	if err != nil {
		if errors.Is(err, broker.ErrDamaged) {
			return fmt.Errorf("%w (--accept-log-loss starts without what is lost)", err)
		}
		return err
	}
	if b := n.Running(); b != nil {
		if _, err := fmt.Fprintln(c.App.Writer, readyLine(b, cfg)); err != nil {
			cfg.Log.Warn("cannot print that the server is ready")
		}
	}
	// A second signal does not wait for an orderly end.
	defer context.AfterFunc(ctx, stop)()
	return n.Run(ctx)
}

// settings are the flags, for who asks the running server. Secrets stay here.
func settings(c *cli.Context) map[string]any {
	all := make(map[string]any)
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		if !strings.Contains(name, "pass") {
			all[name] = fmt.Sprint(c.Value(name))
		}
	}
	return all
}

func serverConfig(c *cli.Context) (broker.Config, error) {
	if err := noArguments(c); err != nil {
		return broker.Config{}, err
	}
	log, err := newLogger(c.App.ErrWriter, c.String("log-level"), c.String("log-format"))
	if err != nil {
		return broker.Config{}, err
	}
	cfg := broker.Config{
		Listen:           c.StringSlice("listen"),
		DataDir:          c.Path("data-dir"),
		AcceptLogLoss:    c.Bool("accept-log-loss"),
		LoopbackUsers:    loopbackUsers(c.StringSlice("loopback-users")),
		Version:          c.String("report-version"),
		Build:            version,
		DefaultQueueType: c.String("default-queue-type"),

		ConsumerTimeout:        consumerTimeout(c.Duration("consumer-timeout")),
		ConsumerTimeoutCancels: c.Bool("consumer-timeout-cancels"),

		Log: log,
	}
	if err := memoryConfig(c, &cfg); err != nil {
		return broker.Config{}, err
	}
	switch {
	case c.Bool("ephemeral"):
		cfg.DataDir = ""
	case cfg.DataDir == "":
		return broker.Config{}, fmt.Errorf("no data folder: name one with --data-dir or do without by --ephemeral")
	}
	return cfg, nil
}

// consumerTimeout reads the flag: zero is for ever, not the default.
func consumerTimeout(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// loopbackUsers reads the flag as RabbitMQ reads its setting: none is nobody.
func loopbackUsers(names []string) []string {
	if len(names) == 1 && names[0] == "none" {
		return []string{}
	}
	return names
}

// readyLine is what scripts wait for: one line with every address.
func readyLine(b *broker.Broker, cfg broker.Config) string {
	where := "in memory"
	if cfg.DataDir != "" {
		where = "data in " + cfg.DataDir
	}
	var urls []string
	for _, a := range b.Addrs() {
		urls = append(urls, addressURL(a))
	}
	return fmt.Sprintf("lepus %s ready: %s (%s)", version, strings.Join(urls, " "), where)
}

// addressURL returns the URL of a listener as one would type it: a listener on
// every interface is found as localhost, too.
func addressURL(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("amqp://localhost:%d", tcp.Port)
	}
	return "amqp://" + a.String()
}

package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/cmd/lepus/admin"
	"github.com/lepusmq/lepus/cmd/lepus/ctl"
)

// tool is one of RabbitMQ's programs, which is a command here, and what the
// binary is if it is called by that program's name.
type tool struct {
	command, program, usage string
	run                     func(c *cli.Context, args []string) int
	complete                func(before []string, word string) []string
}

func tools() []tool {
	ctlTool := func(t ctl.Tool) func(*cli.Context, []string) int {
		return func(c *cli.Context, args []string) int { return ctl.Run(c.Context, t, args, environment(c)) }
	}
	ctlWords := func(t ctl.Tool) func([]string, string) []string {
		return func(before []string, word string) []string { return ctl.Complete(t, before, word) }
	}
	return []tool{
		{"ctl", "rabbitmqctl", "administer a broker, as rabbitmqctl does", ctlTool(ctl.Ctl), ctlWords(ctl.Ctl)},
		{"admin", "rabbitmqadmin", "declare, list and delete what a broker holds, as rabbitmqadmin does", func(c *cli.Context, args []string) int {
			e := environment(c)
			return admin.Run(c.Context, args, admin.Environment{
				Stdin: e.Stdin, Stdout: e.Stdout, Stderr: e.Stderr, Getenv: e.Getenv, Version: e.Version,
			})
		}, admin.Complete},
		{"diagnostics", "rabbitmq-diagnostics", "look at a broker's health, as rabbitmq-diagnostics does", ctlTool(ctl.Diagnostics), ctlWords(ctl.Diagnostics)},
		{"plugins", "rabbitmq-plugins", "say what is built in, as rabbitmq-plugins does", ctlTool(ctl.Plugins), ctlWords(ctl.Plugins)},
		{"queues", "rabbitmq-queues", "look after quorum queues, as rabbitmq-queues does", ctlTool(ctl.Queues), ctlWords(ctl.Queues)},
		{"streams", "rabbitmq-streams", "look after streams, as rabbitmq-streams does; there are none yet", ctlTool(ctl.Streams), ctlWords(ctl.Streams)},
		{"upgrade", "rabbitmq-upgrade", "prepare a broker for its end, as rabbitmq-upgrade does", ctlTool(ctl.Upgrade), ctlWords(ctl.Upgrade)},
	}
}

// environment is what the tools may use of the world.
func environment(c *cli.Context) ctl.Environment {
	return ctl.Environment{
		Stdin: c.App.Reader, Stdout: c.App.Writer, Stderr: c.App.ErrWriter, Getenv: os.Getenv,
		// Of this user, then of the service and of the image.
		DataDirs: []string{defaultDataDir(runtime.GOOS, os.Getenv), "/var/lib/lepus", "/var/lib/rabbitmq/mnesia"},
		Version:  broker.DefaultVersion,
	}
}

// toolCommands are the commands of the tools. They read their flags themselves,
// wherever those stand.
func toolCommands() []*cli.Command {
	var all []*cli.Command
	for _, t := range tools() {
		all = append(all, &cli.Command{
			Name: t.command, Usage: t.usage, SkipFlagParsing: true, HideHelp: true,
			Flags: []cli.Flag{
				&cli.PathFlag{Name: "data-dir", Usage: "reach the broker by the socket in its data `FOLDER`"},
				&cli.StringFlag{Name: "url", Usage: "reach the broker by its HTTP API at `URL`"},
			},
			Action: func(c *cli.Context) error {
				if code := t.run(c, c.Args().Slice()); code != 0 {
					return cli.Exit("", code)
				}
				return nil
			},
		})
	}
	return all
}

// byName returns the arguments of a program that may have been called by the
// name of one of RabbitMQ's, most often a link to it.
func byName(args []string) []string {
	if len(args) == 0 {
		return args
	}
	name := strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	if name == "rabbitmq-server" {
		return append([]string{args[0], "server"}, args[1:]...)
	}
	for _, t := range tools() {
		if t.program == name {
			return append([]string{args[0], t.command}, args[1:]...)
		}
	}
	return args
}

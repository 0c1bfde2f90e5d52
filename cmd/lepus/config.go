package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lepusmq/lepus/broker/conf"
)

func configCommand() *cli.Command {
	return &cli.Command{
		Name:      "config",
		Usage:     "print the configuration that a server would have, and where each value comes from",
		UsageText: "lepus config [flags of lepus server]\nlepus config keys\nlepus config check FILE",
		Flags:     settingFlags(),
		Action:    printConfig,
		Subcommands: []*cli.Command{
			{Name: "keys", Usage: "print all keys, with their types, defaults and meanings", Action: printKeys, OnUsageError: usageError},
			{Name: "check", Usage: "say whether a configuration is good", ArgsUsage: "FILE", Action: checkConfig, OnUsageError: usageError},
		},
	}
}

func printConfig(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	l, err := loadConfig(c)
	if err != nil {
		return err
	}
	warn(c.App.ErrWriter, l)
	width := 0
	lines := make([]string, len(l.Effective))
	for i, a := range l.Effective {
		lines[i] = a.Line()
		width = max(width, min(len(lines[i]), 60))
	}
	for i, a := range l.Effective {
		if _, err := fmt.Fprintf(c.App.Writer, "%-*s  # %s\n", width, lines[i], a.From); err != nil {
			return err
		}
	}
	return nil
}

func printKeys(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	_, err := fmt.Fprint(c.App.Writer, conf.Reference())
	return err
}

// checkConfig checks a file by itself, without the environment but for what the
// file takes from it, and the certificates that it names.
func checkConfig(c *cli.Context) error {
	if c.Args().Len() != 1 {
		return fmt.Errorf("name one file, see %s --help", c.Command.HelpName)
	}
	path := c.Args().First()
	l, err := conf.Check(path)
	if err != nil {
		return err
	}
	if err := l.Settings.Broker.Check(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	warn(c.App.ErrWriter, l)
	_, err = fmt.Fprintf(c.App.Writer, "%s is good (%s)\n", path, strings.Join(l.Files, ", "))
	return err
}

// warn tells what has no effect.
func warn(w io.Writer, l *conf.Loaded) {
	for _, text := range l.Warnings {
		// There is nowhere else to tell that this does not work.
		_, _ = fmt.Fprintf(w, "lepus: warning: %s\n", text)
	}
}

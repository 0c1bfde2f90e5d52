package main

import (
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"
)

// newApp returns the command line. It writes nowhere but to stdout and stderr
// and never ends the process: errors are returned by its Run.
func newApp(stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:           "lepus",
		Usage:          "a message broker that stands in for RabbitMQ",
		Writer:         stdout,
		ErrWriter:      stderr,
		HideVersion:    true,
		Commands:       append([]*cli.Command{serverCommand(), configCommand(), perfCommand(), versionCommand(), completionCommand()}, toolCommands()...),
		Action:         noCommand,
		OnUsageError:   usageError,
		ExitErrHandler: func(*cli.Context, error) {},
	}
	for _, c := range app.Commands {
		c.OnUsageError = usageError
		addEnvVars(c.Flags)
	}
	app.Before = func(*cli.Context) error {
		for _, name := range unknownEnvVars(app, os.Environ()) {
			fmt.Fprintf(stderr, "lepus: warning: no flag is set by the environment variable %s\n", name)
		}
		return nil
	}
	return app
}

func noCommand(c *cli.Context) error {
	if c.Args().Present() {
		return fmt.Errorf("no command %q, see lepus --help", c.Args().First())
	}
	return cli.ShowAppHelp(c)
}

// usageError keeps the help text, which the library would print, from
// burying the error.
func usageError(c *cli.Context, err error, _ bool) error {
	return fmt.Errorf("%w, see %s --help", err, c.Command.HelpName)
}

// noArguments is an error if anything follows the flags. Flags after an
// argument would be taken for arguments, too.
func noArguments(c *cli.Context) error {
	if c.Args().Present() {
		return fmt.Errorf("unexpected argument %q, see %s --help", c.Args().First(), c.Command.HelpName)
	}
	return nil
}

package main

import (
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/lepusmq/lepus/broker"
)

// version is LepusMQ's own; the version of RabbitMQ that clients are told is
// another matter. A release sets it when it is linked (-X), which needs a variable;
// nothing else does.
var version = "0.1.0"

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "say which version this is",
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			_, err := fmt.Fprintf(c.App.Writer, "lepus %s (%s %s/%s), tells clients RabbitMQ %s\n",
				version, runtime.Version(), runtime.GOOS, runtime.GOARCH, broker.DefaultVersion)
			return err
		},
	}
}

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"
)

func main() {
	err := newApp(os.Stdout, os.Stderr).Run(byName(os.Args))
	var told cli.ExitCoder // by one of the tools, which has said why
	if errors.As(err, &told) {
		os.Exit(told.ExitCode())
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "lepus: %v\n", err)
		os.Exit(1)
	}
}

package ctl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/lepusmq/lepus/broker/control"
	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// usualTimeout is how long a command may take that is not told.
const usualTimeout = 60 * time.Second

// Environment is what a command may use of the world.
type Environment struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	// DataDirs are where brokers keep their data that are not told where, of this
	// user first.
	DataDirs []string
	// Version is that of RabbitMQ that the broker stands in for.
	Version string
}

// Run runs one line of a tool, without the tool's name, and returns the code
// that the program is to end with.
func Run(ctx context.Context, tool Tool, line []string, env Environment) int {
	name := commandName(line)
	general := parse(line, generalFlags())
	if name == "" {
		printHelp(env.Stdout, tool)
		if _, asked := general.options["help"]; asked || len(line) == 0 {
			return 0
		}
		return exitUsage
	}
	cmd := find(tool, name)
	if cmd == nil {
		printUnknown(env.Stderr, tool, name)
		return exitUsage
	}
	if _, asked := general.options["help"]; asked {
		printCommandHelp(env.Stdout, tool, cmd)
		return 0
	}
	t := parse(line, append(generalFlags(), cmd.flags...))
	c := &call{
		cmd: cmd, tool: tool, line: line, args: t.words[1:], options: t.options, node: nodeName(t.options, env.Getenv),
		stdin: env.Stdin, stdout: env.Stdout, getenv: env.Getenv, version: env.Version,
		timeout: max(cmp.Or(cmd.patience, usualTimeout), 0),
	}
	if seconds, err := strconv.Atoi(c.option("timeout", "")); err == nil {
		c.timeout = time.Duration(seconds) * time.Second
	}
	if err := c.validate(t); err != nil {
		return c.printError(env.Stderr, err)
	}
	client, err := connect(c, env)
	if err != nil {
		return c.printError(env.Stderr, wrongUse(exitUsage, "%v", err))
	}
	defer client.Close()
	c.api = client
	return c.do(ctx, env)
}

// do runs the command and prints what came of it.
func (c *call) do(ctx context.Context, env Environment) int {
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
		defer cancel()
	}
	if banner := c.banner(); banner != "" {
		fmt.Fprintln(env.Stdout, banner)
	}
	result, err := c.cmd.run(ctx, c)
	if err != nil {
		return c.printError(env.Stderr, err)
	}
	if err := c.print(env.Stdout, result); err != nil {
		return c.printError(env.Stderr, err)
	}
	if verdict, ok := result.(coded); ok {
		return verdict.code
	}
	return 0
}

// banner is what people are told first; programs are not.
func (c *call) banner() string {
	if c.cmd.banner == nil || c.quiet() || c.formatter() == "json" || c.formatter() == "csv" {
		return ""
	}
	return c.cmd.banner(c)
}

// connect chooses the broker: one that is named by its URL or data folder, which
// may be about to start; else one whose socket is where it would be, else the
// usual port of this machine.
func connect(c *call, env Environment) (*api.Client, error) {
	if base := c.option("url", env.Getenv("LEPUS_URL")); base != "" {
		return api.OverTCP(base, nil)
	}
	told := cmp.Or(c.option("data-dir", ""), env.Getenv("LEPUS_DATA_DIR"), env.Getenv("RABBITMQ_MNESIA_DIR"), env.Getenv("RABBITMQ_MNESIA_BASE"))
	if told != "" {
		return api.OverSocket(control.Socket(told)), nil
	}
	for _, dir := range env.DataDirs {
		if _, err := os.Stat(control.Socket(dir)); err == nil {
			return api.OverSocket(control.Socket(dir)), nil
		}
	}
	return api.OverTCP("http://guest:guest@127.0.0.1:15672", nil)
}

// nodeName is what RabbitMQ's tools would call the node.
func nodeName(options map[string]string, getenv func(string) string) string {
	if n := options["node"]; n != "" {
		return n
	}
	if n := getenv("RABBITMQ_NODENAME"); n != "" {
		return n
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	short, _, _ := strings.Cut(host, ".")
	return "rabbit@" + short
}

// printError says what went wrong and returns the code for it.
func (c *call) printError(w io.Writer, err error) int {
	var use *usageError
	if errors.As(err, &use) {
		fmt.Fprintf(w, "Error (argument validation): %s\nArguments given:\n\t%s\n\n%s\n\n%s\n",
			use.text, lineOf(c.line), bold("Usage"), usage(c.tool, c.cmd))
		return use.code
	}
	f := c.failed(err)
	if !f.bare {
		fmt.Fprintln(w, "Error:")
	}
	fmt.Fprintln(w, f.text)
	return f.code
}

// coded is a result that ends the program with a code of its own.
type coded struct {
	result any
	code   int
}

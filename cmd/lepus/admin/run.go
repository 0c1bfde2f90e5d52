package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// Environment is what the program may use of the world.
type Environment struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	// Version is that of RabbitMQ that the broker stands in for.
	Version string
}

// usageError is something wrong with what was typed.
type usageError struct{ text string }

// Error returns the text.
func (e *usageError) Error() string { return e.text }

func wrongUse(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// jsonError is an argument that should have been JSON.
type jsonError struct{ text string }

// Error returns the text.
func (e *jsonError) Error() string { return e.text }

// optionError is an option that there is not.
type optionError struct{ text string }

// Error returns the text.
func (e *optionError) Error() string { return e.text }

// admin is one run of the program. It belongs to one goroutine.
type admin struct {
	env Environment
	opt *options
	api *api.Client
}

// Run runs a line, without the program's name, and returns the code that the
// program is to end with.
func Run(ctx context.Context, line []string, env Environment) int {
	a := &admin{env: env}
	err := a.run(ctx, line)
	if err == nil {
		return 0
	}
	var (
		use     *usageError
		option  *optionError
		text    *jsonError
		refused *api.Error
		away    *api.UnreachableError
	)
	switch {
	case errors.As(err, &option):
		fmt.Fprintf(env.Stderr, "Usage\n=====\n  rabbitmqadmin [options] subcommand\n\nrabbitmqadmin: error: %s\n", option)
		return 2
	case errors.As(err, &use):
		fmt.Fprintf(env.Stderr, "\nERROR: %s\n\nrabbitmqadmin --help for help\n\n", use)
	case errors.As(err, &text):
		fmt.Fprintf(env.Stderr, "ERROR: Could not parse JSON:\n  %s\n", text)
	case errors.As(err, &away):
		fmt.Fprintf(env.Stderr, "*** Could not connect: %v\n\n", away.Err)
	case errors.As(err, &refused):
		fmt.Fprintf(env.Stderr, "*** %s\n\n", said(refused))
	default:
		fmt.Fprintf(env.Stderr, "*** %v\n\n", err)
	}
	return 1
}

// said is what people are told of a refusal.
func said(e *api.Error) string {
	switch e.Status {
	case http.StatusBadRequest:
		return e.Reason
	case http.StatusUnauthorized:
		return "Access refused: " + e.Path
	case http.StatusNotFound:
		return "Not found: " + e.Path
	}
	return fmt.Sprintf("Received response %d %s for path %s\n%s", e.Status, http.StatusText(e.Status), e.Path, e.Reason)
}

func (a *admin) run(ctx context.Context, line []string) error {
	line, health := secondVersion(line)
	opt, words, err := parse(line, a.env.Getenv)
	if err != nil {
		return err
	}
	a.opt = opt
	switch {
	case opt.has("version"):
		_, err := fmt.Fprintln(a.env.Stdout, "rabbitmqadmin "+a.env.Version)
		return err
	case opt.has("help"):
		return printHelp(a.env.Stdout)
	case len(words) == 0:
		return wrongUse("Action not specified")
	}
	if err := opt.check(); err != nil {
		return err
	}
	if a.api, err = opt.client(a.env.Getenv); err != nil {
		return err
	}
	defer a.api.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(opt.seconds)*time.Second)
	defer cancel()
	if health {
		return a.healthCheck(ctx, words)
	}
	return a.act(ctx, words[0], words[1:])
}

// act does what a verb says.
func (a *admin) act(ctx context.Context, verb string, words []string) error {
	switch verb {
	case "list":
		return a.list(ctx, listable(), verb, words)
	case "show":
		return a.list(ctx, showable(), verb, words)
	case "declare":
		return a.change(ctx, declarable(), "declared", words)
	case "delete":
		return a.change(ctx, deletable(), "deleted", words)
	case "close":
		return a.change(ctx, closable(), "closed", words)
	case "purge":
		return a.change(ctx, purgeable(), "purged", words)
	case "publish":
		return a.publish(ctx, words)
	case "get":
		return a.get(ctx, words)
	case "export":
		return a.export(ctx, words)
	case "import":
		return a.load(ctx, words)
	case "help":
		return help(a.env.Stdout, words)
	case "salt_and_hash":
		return a.hash(words)
	}
	return a.deed(ctx, verb, words)
}

// tell says that something has been done, unless nobody wants to know.
func (a *admin) tell(format string, args ...any) error {
	if a.opt.has("quiet") {
		return nil
	}
	_, err := fmt.Fprintf(a.env.Stdout, format+"\n", args...)
	return err
}

// healthCheck is a group of the second version's commands.
func (a *admin) healthCheck(ctx context.Context, words []string) error {
	if len(words) == 0 {
		return wrongUse("Health check not specified")
	}
	known := strings.Fields("alarms cluster_wide_alarms local_alarms node_is_quorum_critical virtual_hosts port_listener protocol_listener " +
		"is_in_service ready_to_serve_clients below_node_connection_limit")
	check := words[0]
	if !slices.Contains(known, check) {
		return wrongUse("Don't know how to check %s", check)
	}
	path := []string{"health", "checks", strings.ReplaceAll(strings.TrimPrefix(check, "cluster_wide_"), "_", "-")}
	for _, w := range words[1:] {
		_, value, _ := strings.Cut(w, "=")
		path = append(path, value)
	}
	if err := a.api.Get(ctx, api.Path(path...), nil); err != nil {
		if api.Is(err, http.StatusServiceUnavailable) {
			return fmt.Errorf("health check failed: %w", errors.New(err.Error()))
		}
		return err
	}
	return a.tell("health check passed")
}

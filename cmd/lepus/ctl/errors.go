package ctl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// The exit codes of RabbitMQ's tools, which have them from sysexits.h.
const (
	exitUsage       = 64
	exitData        = 65
	exitNoUser      = 67
	exitUnavailable = 69
	exitSoftware    = 70
	exitTemporary   = 75
	exitConfig      = 78
)

// failure is an error with the code that the program ends with.
type failure struct {
	code int
	text string
	// bare texts stand alone; before the others stands a line "Error:".
	bare bool
}

// Error returns the text.
func (f *failure) Error() string { return f.text }

func fail(code int, format string, args ...any) error {
	return &failure{code: code, text: fmt.Sprintf(format, args...)}
}

func failBare(code int, format string, args ...any) error {
	return &failure{code: code, text: fmt.Sprintf(format, args...), bare: true}
}

// usageError is something wrong with what was typed: the usage is shown.
type usageError struct {
	code int
	text string
}

// Error returns the text.
func (e *usageError) Error() string { return e.text }

func wrongUse(code int, format string, args ...any) error {
	return &usageError{code: code, text: fmt.Sprintf(format, args...)}
}

func badArgument(format string, args ...any) error {
	return wrongUse(exitData, "Bad argument: "+format, args...)
}

// failed turns what went wrong with a call of the API into what people are
// told, with RabbitMQ's exit code.
func (c *call) failed(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	var away *api.UnreachableError
	var refused *api.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{code: exitTemporary, bare: true, text: fmt.Sprintf("Error: operation %s on node %s timed out. Timeout value used: %d",
			c.cmd.name, c.node, c.timeout.Milliseconds())}
	case errors.As(err, &away):
		return &failure{code: exitUnavailable, bare: true, text: c.unreachable(away)}
	case errors.As(err, &refused) && (refused.Kind == "stopped" || refused.Kind == "running"):
		return &failure{code: exitUsage, bare: true, text: "Error: " + refused.Reason + "."}
	case errors.As(err, &refused):
		return &failure{code: exitUnavailable, text: said(refused)}
	}
	return &failure{code: exitSoftware, text: err.Error()}
}

// said is the broker's reason. RabbitMQ's HTTP API escapes it for a web page.
func said(e *api.Error) string {
	if e.Status == http.StatusUnauthorized {
		return "the broker refuses this user: " + e.Error()
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(e.Error())
}

// unreachable says what to do when no broker answers.
func (c *call) unreachable(away *api.UnreachableError) string {
	return fmt.Sprintf(`Error: unable to perform an operation on node '%s'. Please see the suggestions below.

Most common reasons for this are:

 * The broker is not running
 * It runs with another data folder: name it with --data-dir or LEPUS_DATA_DIR
 * It runs on another machine or port: name its HTTP API with --url or LEPUS_URL

DIAGNOSTICS
===========

attempted to contact: %s
  * %v
`, c.node, away.Where, away.Err)
}

// missing explains a refusal that may come from a user or a virtual host that
// does not exist. Empty names are not looked for.
func (c *call) missing(ctx context.Context, err error, vhost, user string) error {
	var refused *api.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusNotFound && refused.Status != http.StatusBadRequest {
		return err
	}
	if user != "" && api.Is(c.api.Get(ctx, api.Path("users", user), nil), http.StatusNotFound) {
		return fail(exitNoUser, "User %q does not exist", user)
	}
	if vhost != "" && api.Is(c.api.Get(ctx, api.Path("vhosts", vhost), nil), http.StatusNotFound) {
		return noVHost(vhost)
	}
	return err
}

func noVHost(name string) error {
	return failBare(exitData, "Virtual host '%s' does not exist", name)
}

package ctl

import (
	"context"
	"net/http"
	"strconv"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// control asks the broker for what RabbitMQ's API has no word for. The paths are
// documented at package control.
func (c *call) control(ctx context.Context, method, what string, body, out any) error {
	return c.controlAt(ctx, api.Request{Method: method, Path: api.Path("lepus", what), Body: body}, out)
}

func (c *call) controlAt(ctx context.Context, r api.Request, out any) error {
	return c.offered(c.api.Do(ctx, r, out))
}

// offered explains a refusal that comes from a broker without such paths.
func (c *call) offered(err error) error {
	if notOffered(err) {
		return fail(exitUnavailable, "%s: what answers at %s does not offer that; reach the broker by the socket in its data folder, see --data-dir, or log in as an administrator",
			c.cmd.name, c.api.Where())
	}
	return err
}

// notOffered says whether an error means that there is no such path: what answers
// is RabbitMQ, or stands before it.
func notOffered(err error) bool {
	return api.Is(err, http.StatusNotFound) || api.Is(err, http.StatusMethodNotAllowed)
}

// number returns the value of a flag that is one, or fallback.
func (c *call) number(name string, fallback int) int {
	if n, err := strconv.Atoi(c.option(name, "")); err == nil {
		return n
	}
	return fallback
}

// node is what the broker's socket says of the process.
type node struct {
	Name    string `json:"name"`
	PID     int    `json:"pid"`
	State   string `json:"state"` // starting, running or stopped
	DataDir string `json:"data_dir"`
}

package ctl

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// expression is an Erlang expression that scripts and test suites ask RabbitMQ
// to evaluate, and what it means here.
type expression struct {
	pattern string
	run     func(ctx context.Context, c *call, part []string) (any, error)
}

// expressions are those that are understood, spaces aside.
func expressions() []expression {
	put := func(what string, body func(part []string) any) func(context.Context, *call, []string) (any, error) {
		return func(ctx context.Context, c *call, part []string) (any, error) {
			return "ok", c.control(ctx, http.MethodPut, what, body(part), nil)
		}
	}
	alarm := func(on bool) func([]string) any {
		return func(part []string) any { return map[string]any{"alarm": part[1], "on": on} }
	}
	return []expression{
		{`^node\(\)$`, func(_ context.Context, c *call, _ []string) (any, error) { return c.node, nil }},
		{`^rabbit_alarm:set_alarm\({{resource_limit,(memory|disk),node\(\)},\[\]}\)$`, put("alarm", alarm(true))},
		{`^rabbit_alarm:clear_alarm\({resource_limit,(memory|disk),node\(\)}\)$`, put("alarm", alarm(false))},
		{`^application:set_env\(rabbit,channel_max,(\d+)\)$`, put("channel-max", func(part []string) any {
			n, _ := strconv.Atoi(part[1]) // digits, and the broker says if they are too many
			return map[string]int{"value": n}
		})},
		{`^application:set_env\(rabbit,loopback_users,\[(.*)\]\)$`, put("loopback-users", func(part []string) any {
			users := []string{}
			for _, name := range regexp.MustCompile(`<<"([^"]*)">>`).FindAllStringSubmatch(part[1], -1) {
				users = append(users, name[1])
			}
			return map[string]any{"users": users}
		})},
	}
}

func evalCommands() []*command {
	const group = "Operations"
	refused := func(name, args string, min int) *command {
		return &command{
			name: name, tools: Ctl, group: group, args: args, min: min, max: min, doc: "Is refused: there is no Erlang here",
			run: refuses(name, "LepusMQ does not run on Erlang and evaluates no code"),
		}
	}
	return []*command{
		{
			name: "eval", tools: Ctl, group: group, args: "<expression>", min: 1, max: -1,
			doc: "Understands the few Erlang expressions that scripts use to raise alarms and the like",
			run: eval,
		},
		refused("eval_file", "<file>", 1),
		refused("exec", "<expression>", 1),
		refused("remote_shell", "", 0),
		refused("observer", "", 0),
	}
}

func eval(ctx context.Context, c *call) (any, error) {
	typed := strings.TrimSuffix(strings.Join(strings.Fields(strings.Join(c.args, "")), ""), ".")
	for _, e := range expressions() {
		if part := regexp.MustCompile(e.pattern).FindStringSubmatch(typed); part != nil {
			return e.run(ctx, c, part)
		}
	}
	return nil, fail(exitUnavailable, "%s", fmt.Sprintf("LepusMQ does not run on Erlang and cannot evaluate %q.\n"+
		"It understands rabbit_alarm:set_alarm and clear_alarm of memory and disk, application:set_env of rabbit's channel_max and loopback_users, and node().",
		strings.Join(c.args, " ")))
}

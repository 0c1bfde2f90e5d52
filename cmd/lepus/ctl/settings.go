package ctl

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

func settingCommands() []*command {
	const group = "Configuration and Environment"
	return []*command{
		{
			name: "environment", tools: Ctl | Diagnostics, group: group,
			doc:    "Shows the settings in effect",
			banner: aboutNode("Application environment of node %s ..."),
			run: func(ctx context.Context, c *call) (any, error) {
				var settings object
				if err := c.control(ctx, http.MethodGet, "environment", nil, &settings); err != nil {
					return nil, err
				}
				return report{text: keyValues(settings), value: settings}, nil
			},
		},
		{
			name: "set_cluster_name", tools: Ctl, group: group, args: "<name>", min: 1, max: 1,
			doc:    "Sets the name by which clients and tools know the broker",
			banner: func(c *call) string { return fmt.Sprintf("Setting cluster name to %s ...", c.args[0]) },
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.api.Put(ctx, api.Path("cluster-name"), map[string]string{"name": c.args[0]})
			},
		},
		{
			name: "set_disk_free_limit", tools: Ctl, group: group, args: "<disk_limit> | mem_relative <fraction>", min: 1, max: 2,
			doc:   "Sets below which free space on the disk publishers are blocked, until the broker starts again",
			check: checkDiskLimit, banner: diskLimitBanner, run: setDiskLimit,
		},
		{
			name: "set_log_level", tools: Ctl, group: group, args: "[<category>] <log_level>", min: 1, max: 2,
			doc: "Sets from which level on is logged, until the broker starts again",
			check: func(c *call) error {
				level := c.args[len(c.args)-1]
				if !slices.Contains(logLevels(), level) {
					return fail(exitUnavailable, "level %s is not supported. Try one of %s", level, strings.Join(logLevels(), ", "))
				}
				return nil
			},
			banner: func(c *call) string { return fmt.Sprintf("Setting log level to %q ...", c.args[len(c.args)-1]) },
			run: func(ctx context.Context, c *call) (any, error) {
				return nil, c.control(ctx, http.MethodPut, "log-level", map[string]string{"level": c.args[len(c.args)-1]}, nil)
			},
		},
		{
			name: "set_vm_memory_high_watermark", tools: Ctl, group: group, args: "<fraction> | absolute <value>", min: 1, max: 2,
			doc:   "Sets above which use of memory publishers are blocked, until the broker starts again",
			check: checkWatermark, banner: watermarkBanner, run: setWatermark,
		},
	}
}

func logLevels() []string {
	return []string{"debug", "info", "warning", "error", "critical", "none"}
}

// absolute says whether the first of two words is the one that says so.
func (c *call) absolute() bool { return len(c.args) == 2 && c.args[0] == "absolute" }

func checkWatermark(c *call) error {
	if c.absolute() {
		if _, err := parseSize(c.args[1]); err != nil {
			return wrongUse(exitData, "Bad argument.")
		}
		return nil
	}
	fraction, err := strconv.ParseFloat(c.args[0], 64)
	switch {
	case len(c.args) == 2:
		return wrongUse(exitUsage, "too many arguments.")
	case err != nil:
		return wrongUse(exitData, "Bad argument.")
	case fraction < 0 || fraction > 1:
		return badArgument("The threshold should be a fraction between 0.0 and 1.0")
	}
	return nil
}

func watermarkBanner(c *call) string {
	if c.absolute() {
		return fmt.Sprintf("Setting memory threshold on %s to %s bytes ...", c.node, c.args[1])
	}
	return fmt.Sprintf("Setting memory threshold on %s to %s ...", c.node, c.args[0])
}

func setWatermark(ctx context.Context, c *call) (any, error) {
	limit, err := threshold(c.absolute(), c.args[len(c.args)-1])
	if err != nil {
		return nil, err
	}
	return nil, c.control(ctx, http.MethodPut, "memory-high-watermark", limit, nil)
}

func checkDiskLimit(c *call) error {
	var err error
	switch {
	case len(c.args) == 1:
		_, err = parseSize(c.args[0])
	case c.args[0] == "mem_relative":
		_, err = strconv.ParseFloat(c.args[1], 64)
	default:
		return wrongUse(exitUsage, "too many arguments.")
	}
	if err != nil {
		return wrongUse(exitData, "Bad argument.")
	}
	return nil
}

func diskLimitBanner(c *call) string {
	if len(c.args) == 2 {
		return fmt.Sprintf("Setting disk free limit on %s to %s times the total RAM ...", c.node, c.args[1])
	}
	return fmt.Sprintf("Setting disk free limit on %s to %s bytes ...", c.node, c.args[0])
}

func setDiskLimit(ctx context.Context, c *call) (any, error) {
	limit, err := threshold(len(c.args) == 1, c.args[len(c.args)-1])
	if err != nil {
		return nil, err
	}
	return nil, c.control(ctx, http.MethodPut, "disk-free-limit", limit, nil)
}

// threshold is an amount of bytes, or a share of memory.
func threshold(absolute bool, value string) (map[string]any, error) {
	if absolute {
		bytes, err := parseSize(value)
		return map[string]any{"absolute": bytes}, err
	}
	share, err := strconv.ParseFloat(value, 64)
	return map[string]any{"relative": share}, err
}

// parseSize reads an amount as RabbitMQ writes them: 1000, 64MB, 2GiB. Units
// without an i are decimal, as of RabbitMQ 4; k, M and G alone are not.
func parseSize(s string) (int64, error) {
	parts := regexp.MustCompile(`^(\d+)\s*([kKMGTP]?)(i?)([bB]?)$`).FindStringSubmatch(s)
	if parts == nil {
		return 0, fmt.Errorf("%q is no amount, write it as 1073741824, 512MiB or 2GB", s)
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is too large an amount", s)
	}
	unit := int64(1024)
	if parts[3] == "" && parts[4] != "" {
		unit = 1000
	}
	for range strings.Index(" KMGTP", strings.ToUpper(parts[2] + " ")[:1]) {
		if n > (1<<62)/unit {
			return 0, fmt.Errorf("%q is too large an amount", s)
		}
		n *= unit
	}
	return n, nil
}

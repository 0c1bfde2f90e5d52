package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lepusmq/lepus/broker"
)

// memoryConfig sets what the flags say about memory. A share without a whole
// to take it of is no watermark.
func memoryConfig(c *cli.Context, cfg *broker.Config) error {
	cfg.MemoryLimit = broker.AvailableMemory()
	if s := c.String("memory-limit"); s != "" {
		var err error
		if cfg.MemoryLimit, err = parseBytes(s); err != nil {
			return fmt.Errorf("memory limit: %w", err)
		}
	}
	var err error
	if cfg.MemoryHighWatermark, err = parseWatermark(c.String("vm-memory-high-watermark"), cfg.MemoryLimit); err != nil {
		return fmt.Errorf("memory high watermark: %w", err)
	}
	return nil
}

// parseWatermark reads a watermark: up to 1 it is a share of the whole, which
// is 0 if it is not known, otherwise an amount. The least there is raises the
// alarm at once, as 0 does with RabbitMQ.
func parseWatermark(s string, whole int64) (int64, error) {
	share, err := strconv.ParseFloat(s, 64)
	switch {
	case err == nil && share >= 0 && share <= 1:
		if whole == 0 && share > 0 {
			return 0, nil
		}
		return max(int64(share*float64(whole)), 1), nil
	case err == nil && strings.ContainsAny(s, ".-"):
		return 0, fmt.Errorf("%q is neither a share from 0 to 1 nor an amount", s)
	}
	return parseBytes(s)
}

// parseBytes reads an amount above 0 as RabbitMQ's configuration has it: bytes,
// or with a unit. kB, MB, GB, TB and PB are powers of 1000; KiB, MiB and so on,
// or the letter alone, powers of 1024. Capitals make no difference.
func parseBytes(s string) (int64, error) {
	number := strings.TrimRight(s, "kmgtpibKMGTPIB")
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	unit, ok := unitBytes(s[len(number):])
	if errors.Is(err, strconv.ErrRange) || err == nil && ok && n > math.MaxInt64/unit {
		return 0, fmt.Errorf("%q is too much", s)
	}
	if err != nil || !ok || n <= 0 {
		return 0, fmt.Errorf("%q is no amount, write it as 1073741824, 512MiB or 2GB", s)
	}
	return n * unit, nil
}

func unitBytes(name string) (int64, bool) {
	name = strings.ToLower(name)
	if name == "" {
		return 1, true
	}
	base, power := int64(1024), strings.IndexByte("kmgtp", name[0])
	switch name[1:] {
	case "", "ib":
	case "b":
		base = 1000
	default:
		return 0, false
	}
	n := base
	for range power {
		n *= base
	}
	return n, power >= 0
}

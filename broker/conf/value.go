package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
)

// Value is a type of values, and what is done with one.
type Value struct {
	// Name is the type's for people.
	Name  string
	apply func(to Target, text string) error
}

// Target is where a value goes.
type Target struct {
	*Settings
	// Names are what the key has where its pattern has $.
	Names []string
}

// value makes a type of a function that reads its texts.
func value[T any](name string, read func(string) (T, error), set func(Target, T)) Value {
	return Value{Name: name, apply: func(to Target, text string) error {
		v, err := read(text)
		if err == nil {
			set(to, v)
		}
		return err
	}}
}

// Types that flags look at.
const (
	listType = "list"
	boolType = "true or false"
)

func text(set func(Target, string)) Value {
	return value("text", func(s string) (string, error) { return s, nil }, set)
}

func file(set func(Target, string)) Value {
	return value("file", func(s string) (string, error) { return s, nil }, set)
}

// path is one of a URL, without what would have to be escaped in it.
func path(set func(Target, string)) Value {
	return value("path", func(s string) (string, error) {
		const may = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._~"
		if !strings.HasPrefix(s, "/") || strings.Contains(s, "//") || strings.Trim(s, may) != "" {
			return "", fmt.Errorf("%q is no path, write it as /metrics", s)
		}
		return s, nil
	}, set)
}

// words are texts behind each other, with commas or spaces between them.
func words(set func(Target, []string)) Value {
	return value(listType, func(s string) ([]string, error) {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }), nil
	}, set)
}

func boolean(set func(Target, bool)) Value { return value(boolType, readBool, set) }

func readBool(s string) (bool, error) {
	switch s {
	case "true", "on", "yes", "1":
		return true, nil
	case "false", "off", "no", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", s)
}

// count is a whole number from 0 on.
func count(set func(Target, int)) Value { return value("number", readCount, set) }

func readCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no number from 0 on", s)
	}
	return n, nil
}

// limit is a number of which 0 is none at all; the function gets 0 for no limit.
func limit(set func(Target, int)) Value {
	return value("number, or infinity", func(s string) (int, error) {
		if s == "infinity" {
			return 0, nil
		}
		return readCount(s)
	}, set)
}

// span is a time: a number in a unit, or with one of its own. The function gets
// what is below 0 for no limit.
func span(unit time.Duration, set func(Target, time.Duration)) Value {
	name := map[time.Duration]string{time.Microsecond: "us", time.Millisecond: "ms", time.Second: "s"}[unit]
	return value("time in "+name, func(s string) (time.Duration, error) { return readSpan(s, unit) }, set)
}

func readSpan(s string, unit time.Duration) (time.Duration, error) {
	switch s {
	case "infinity", "undefined", "0":
		return -1, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 && n <= int64(math.MaxInt64/unit) {
		return time.Duration(n) * unit, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return d, nil
	}
	return 0, fmt.Errorf("%q is no time: write it as a number of %s, or as 90s, 30m, 2h", s, unit)
}

// size is an amount of bytes.
func size(set func(Target, int64)) Value { return value("size", readSize, set) }

// sizeOr is an amount of bytes, where 0 means something else.
func sizeOr(zero int64, set func(Target, int64)) Value {
	return value("size", func(s string) (int64, error) {
		if s == "0" {
			return zero, nil
		}
		return readSize(s)
	}, set)
}

// readSize reads an amount above 0 as RabbitMQ has it: bytes, or with a unit. kB,
// MB, GB, TB and PB are powers of 1000; KiB, MiB and so on, or the letter alone,
// powers of 1024. Capitals make no difference.
func readSize(s string) (int64, error) {
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
	case "", "i", "ib":
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

// Level is a share of something, or an amount.
type Level struct {
	// Share counts if Amount is 0.
	Share  float64
	Amount int64
}

// of returns the level in bytes. A share of a whole that is not known is 0.
func (l Level) of(whole int64) int64 {
	if l.Amount > 0 {
		return l.Amount
	}
	return int64(l.Share * float64(whole))
}

// level is a share from 0 on, of what the key's doc says, or an amount.
func level(most float64, set func(Target, Level)) Value {
	return value("share or size", func(s string) (Level, error) {
		if l, err := readShare(s, most); err == nil {
			return l, nil
		}
		if strings.ContainsAny(s, ".-") {
			return Level{}, fmt.Errorf("%q is neither a share from 0 to %g nor an amount", s, most)
		}
		n, err := readSize(s)
		return Level{Amount: n}, err
	}, set)
}

func share(most float64, set func(Target, Level)) Value {
	return value("share", func(s string) (Level, error) { return readShare(s, most) }, set)
}

func readShare(s string, most float64) (Level, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 0 && f <= most) {
		return Level{}, fmt.Errorf("%q is no share from 0 to %g", s, most)
	}
	return Level{Share: f}, nil
}

// choice is one of some words.
func choice(set func(Target, string), of ...string) Value {
	return value(strings.Join(of, ", "), func(s string) (string, error) {
		if !slices.Contains(of, s) {
			return "", fmt.Errorf("%q is none of %s", s, strings.Join(of, ", "))
		}
		return s, nil
	}, set)
}

// address is where to listen: a port, or an address with one. none is nowhere.
func address(set func(Target, string)) Value {
	return value("[IP:]port, or none", readAddress, set)
}

func readAddress(s string) (string, error) {
	if s == "none" {
		return "", nil
	}
	if _, err := strconv.ParseUint(s, 10, 16); err == nil {
		return ":" + s, nil
	}
	if i := strings.LastIndexByte(s, ':'); i > 0 && net.ParseIP(s[:i]) != nil {
		s = net.JoinHostPort(s[:i], s[i+1:]) // ::1:5672, which RabbitMQ takes, too
	}
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if strings.HasPrefix(s, "local:") || strings.HasPrefix(s, "/") {
		return "", fmt.Errorf("%q is no place to listen by TCP: a Unix socket is listeners.unix.1 = /path", s)
	}
	if err != nil {
		return "", fmt.Errorf("%q is no place to listen: write a port as 5672, or an address as 127.0.0.1:5672 or [::1]:5672", s)
	}
	return s, nil
}

// socketPath is where a Unix socket is to be. none is nowhere.
func socketPath(set func(Target, string)) Value {
	return value("path, or none", func(s string) (string, error) {
		switch {
		case s == "none":
			return "", nil
		case !filepath.IsAbs(s):
			return "", fmt.Errorf("%q is no path from the root on", s)
		}
		return s, nil
	}, set)
}

// readMode reads the rights of a file.
func readMode(s string) (fs.FileMode, error) {
	n, err := strconv.ParseUint(s, 8, 9)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q are no rights: write them as 0660", s)
	}
	return fs.FileMode(n), nil
}

func port(set func(Target, string)) Value {
	return value("port", func(s string) (string, error) {
		if _, err := strconv.ParseUint(s, 10, 16); err != nil {
			return "", fmt.Errorf("%q is no port", s)
		}
		return s, nil
	}, set)
}

// logLevel is a level of the log by RabbitMQ's names, which has more of them.
func logLevel(set func(Target, zapcore.Level)) Value {
	return value("debug, info, warning, error, critical or none", ReadLevel, set)
}

// ReadLevel reads such a level.
func ReadLevel(s string) (zapcore.Level, error) {
	switch s {
	case "debug":
		return zapcore.DebugLevel, nil
	case "info", "notice":
		return zapcore.InfoLevel, nil
	case "warning", "warn":
		return zapcore.WarnLevel, nil
	case "error":
		return zapcore.ErrorLevel, nil
	case "critical", "alert", "emergency":
		return zapcore.FatalLevel, nil
	case "none":
		return zapcore.InvalidLevel, nil
	}
	return 0, fmt.Errorf("%q is no level of the log: there are debug, info, warning, error, critical and none", s)
}

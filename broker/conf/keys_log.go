package conf

import (
	"fmt"
	"slices"
	"strings"

	"go.uber.org/zap/zapcore"
)

func logKeys() []Key {
	const kind, level = "Logging", "log level"
	format := func(at func(*Settings) *LogOutput) Value {
		return choice(func(to Target, s string) { at(to.Settings).JSON = s == "json" }, "plaintext", "console", "json")
	}
	console := func(s *Settings) *LogOutput { return &s.Log.Console }
	logFile := func(s *Settings) *LogOutput { return &s.Log.File }
	logExchange := func(s *Settings) *LogOutput { return &s.Log.Exchange }
	set := func(at func(*Settings) *LogOutput) Value {
		return logLevel(func(to Target, l zapcore.Level) { at(to.Settings).Level = &l })
	}
	return []Key{
		{Pattern: "log.default.level", Group: level, Default: "info", Flag: "log-level", Kind: kind, Reload: true, Doc: "log from `LEVEL` on: debug, info, warn or error", Type: logLevel(func(to Target, l zapcore.Level) { to.Log.Level = l })},
		{Pattern: "log.$category.level", Reload: true, Doc: "log what has to do with this from this level on: connection, channel, queue, exchange, vhost, user, shovel, management", Type: categoryLevel()},
		{Pattern: "log.console", Default: "true", Doc: "log to standard error", Type: boolean(func(to Target, on bool) { to.Log.Console.On = on })},
		{Pattern: "log.console.level", Group: level, Reload: true, Doc: "log there from this level on", Type: set(console)},
		{Pattern: "log.console.formatter", Default: "plaintext", Flag: "log-format", Kind: kind, Doc: "write log lines to standard error as `FORMAT`: console, which is plaintext, or json", Type: format(console)},
		{Pattern: "log.file", Default: "false", Doc: "log to this file, too; false is to none", Type: text(func(to Target, s string) { to.Log.File.On, to.Log.File.Path = s != "false", s })},
		{Pattern: "log.file.level", Group: level, Reload: true, Doc: "log there from this level on", Type: set(logFile)},
		{Pattern: "log.file.formatter", Default: "plaintext", Doc: "how lines are written there: plaintext or json", Type: format(logFile)},
		{Pattern: "log.dir", Doc: "the folder of a log.file that is not a whole path; without this the data folder", Type: file(func(to Target, s string) { to.Log.Dir = s })},
		{Pattern: "log.file.rotation.size", Doc: "put the file aside when it has so many bytes; 0 is never", Type: sizeOr(0, func(to Target, n int64) { to.Log.MaxSize = n })},
		{Pattern: "log.file.rotation.count", Default: "10", Doc: "how many of those are kept", Type: count(func(to Target, n int) { to.Log.MaxOld = n })},
		{Pattern: "log.file.rotation.compress", Default: "false", Doc: "compress those", Type: boolean(func(to Target, on bool) { to.Log.Compress = on })},
		{Pattern: "log.file.rotation.date", Doc: "put the file aside at this time, too: `$D0` is each midnight, `$W5D16` Fridays at 16:00, `$M1D0` the first of each month, `$D23H30` each day at 23:30, `$H15` each hour at a quarter past", Type: schedule(func(to Target, s Schedule) { to.Log.Rotation = s })},
		{Pattern: "log.exchange", Default: "false", Doc: "publish what is logged to the exchange amq.rabbitmq.log of the default virtual host, with the level as routing key", Type: boolean(func(to Target, on bool) { to.Log.Exchange.On = on })},
		{Pattern: "log.exchange.level", Group: level, Reload: true, Doc: "publish from this level on", Type: set(logExchange)},
		{Pattern: "log.exchange.formatter", Default: "plaintext", Doc: "how the messages are written: plaintext or json", Type: format(logExchange)},
		ignored("log.console.stdio", "it is standard error"),
		ignored("log.console.formatter.**", "lines have one form, and so has JSON"),
		ignored("log.file.formatter.**", "lines have one form, and so has JSON"),
		ignored("log.exchange.formatter.**", "lines have one form, and so has JSON"),
		ignored("log.default.**", "there is one file for all: log.file"),
		ignored("log.$category.file", "there is one file for all: log.file"),
		ignored("log.$category.rotation.**", "there is one file for all: log.file"),
		ignored("log.journald.**", "systemd's journal has what goes to standard error"),
		ignored("log.journald", "systemd's journal has what goes to standard error"),
		ignored("log.syslog.**", "syslog is not spoken; systemd's journal has what goes to standard error"),
		ignored("log.syslog", "syslog is not spoken; systemd's journal has what goes to standard error"),
		ignored("log.summarize_process_state", "there is no Erlang"),
		ignored("log.error_logger_format_depth", "there is no Erlang"),
	}
}

// categoryLevel is a level of a category, which must be one that there is.
func categoryLevel() Value {
	v := logLevel(func(to Target, l zapcore.Level) { to.Log.Categories[to.Names[0]] = l })
	set := v.apply
	v.apply = func(to Target, text string) error {
		if !slices.Contains(categories(), to.Names[0]) {
			return fmt.Errorf("nothing is logged as %s: there are %s", to.Names[0], strings.Join(categories(), ", "))
		}
		return set(to, text)
	}
	return v
}

// categories are the loggers that there are, and those that RabbitMQ has besides.
func categories() []string {
	return []string{
		"connection", "channel", "queue", "exchange", "vhost", "user", "shovel", "management", "event",
		"federation", "mirroring", "upgrade", "ldap", "prelaunch", "ra", "osiris", "feature_flags", "access_control",
	}
}

package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/lepusmq/lepus/broker/conf"
	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/broker/lines"
)

// logging is the server's log: what goes where, which may change while it runs.
// All methods may be called from any goroutine.
type logging struct {
	logger *zap.Logger
	// levels has what counts; the places in it are those of the start.
	levels *atomic.Pointer[conf.Log]
	file   *lumberjack.Logger // nil without a file
	// tail is the last lines of all places.
	tail *lines.Tail
	// records are lines for the broker to publish; nil if it is not to.
	records *event.Records
}

// openLog returns the log that the configuration says. Errors are those of its
// file.
func openLog(l conf.Log, stderr io.Writer) (*logging, error) {
	g := &logging{levels: &atomic.Pointer[conf.Log]{}, tail: new(lines.Tail)}
	g.levels.Store(&l)
	cores := []zapcore.Core{g.core(conf.LogOutput{}, g.tail, func(*conf.Log) *zapcore.Level { return nil })}
	if l.Console.On {
		cores = append(cores, g.core(l.Console, stderr, func(l *conf.Log) *zapcore.Level { return l.Console.Level }))
	}
	if l.File.On {
		if err := tryFile(l.File.Path); err != nil {
			return nil, err
		}
		g.file = rotated(l)
		cores = append(cores, g.core(l.File, g.file, func(l *conf.Log) *zapcore.Level { return l.File.Level }))
	}
	if l.Exchange.On {
		g.records = event.NewRecords()
		cores = append(cores, g.exchangeCore(l.Exchange))
	}
	g.logger = zap.New(zapcore.NewTee(cores...))
	return g, nil
}

// logFiles returns where is logged to, as RabbitMQ names places.
func logFiles(l *conf.Log) []string {
	var places []string
	if l.File.On {
		places = append(places, l.File.Path)
	}
	if l.Console.On {
		places = append(places, "<stderr>")
	}
	return places
}

// tryFile finds out whether a file can be written before the log depends on it.
func tryFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("log file: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("log file: %w", err)
	}
	return f.Close()
}

// rotated is the file of a log. The library counts in MB, of which there must be
// one.
func rotated(l conf.Log) *lumberjack.Logger {
	const mb = 1 << 20
	size := l.MaxSize
	if size == 0 {
		size = math.MaxInt32 * mb
	}
	return &lumberjack.Logger{
		Filename: l.File.Path, MaxSize: int(min((size+mb-1)/mb, math.MaxInt32)), MaxBackups: l.MaxOld, Compress: l.Compress, LocalTime: true,
	}
}

// core writes to one place what is to go there.
func (g *logging) core(o conf.LogOutput, w io.Writer, own func(*conf.Log) *zapcore.Level) zapcore.Core {
	all := zapcore.NewCore(encoder(o), zapcore.Lock(zapcore.AddSync(w)), zapcore.DebugLevel)
	return &leveled{Core: all, levels: g.levels, own: own}
}

// exchangeCore gives the broker what is to go to its log exchange.
func (g *logging) exchangeCore(o conf.LogOutput) zapcore.Core {
	r := &recorder{LevelEnabler: zapcore.DebugLevel, enc: encoder(o), contentType: "text/plain", to: g.records}
	if o.JSON {
		r.contentType = "application/json"
	}
	return &leveled{Core: r, levels: g.levels, own: func(l *conf.Log) *zapcore.Level { return l.Exchange.Level }}
}

// encoder writes lines as a place wants them.
func encoder(o conf.LogOutput) zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.ISO8601TimeEncoder
	if o.JSON {
		return zapcore.NewJSONEncoder(cfg)
	}
	return zapcore.NewConsoleEncoder(cfg)
}

// set takes over the levels of another configuration.
func (g *logging) set(l conf.Log) { g.levels.Store(&l) }

// setLevel sets the level of everything that has none of its own.
func (g *logging) setLevel(level zapcore.Level) {
	l := *g.levels.Load()
	l.Level, l.Console.Level, l.File.Level, l.Exchange.Level = level, nil, nil, nil
	g.set(l)
}

// setLevelNamed is setLevel for a level by RabbitMQ's name of it.
func (g *logging) setLevelNamed(name string) error {
	level, err := conf.ReadLevel(name)
	if err != nil {
		return err
	}
	g.setLevel(level)
	return nil
}

// reopen has the file opened anew by the next line: somebody may have moved it.
func (g *logging) reopen() error {
	if g.file == nil {
		return nil
	}
	return g.file.Close()
}

// leveled lets through what is important enough, by what it has to do with: the
// first part of the logger's name.
type leveled struct {
	zapcore.Core
	levels *atomic.Pointer[conf.Log]
	own    func(*conf.Log) *zapcore.Level // of the place
}

// Enabled implements zapcore.LevelEnabler: whether there is anything for which the
// level is enough.
func (c *leveled) Enabled(level zapcore.Level) bool {
	l := c.levels.Load()
	if level >= c.least(l, "") {
		return true
	}
	for name := range l.Categories {
		if level >= c.least(l, name) {
			return true
		}
	}
	return false
}

// least is the lowest level of a category that goes to this place. The place's own
// level counts instead of the general one, and beside that of a category.
func (c *leveled) least(l *conf.Log, category string) zapcore.Level {
	own := c.own(l)
	level, ok := l.Categories[category]
	switch {
	case ok && own != nil:
		return max(level, *own)
	case ok:
		return level
	case own != nil:
		return *own
	}
	return l.Level
}

// With implements zapcore.Core.
func (c *leveled) With(fields []zapcore.Field) zapcore.Core {
	return &leveled{Core: c.Core.With(fields), levels: c.levels, own: c.own}
}

// Check implements zapcore.Core.
func (c *leveled) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	category, _, _ := strings.Cut(e.LoggerName, ".")
	if e.Level < c.least(c.levels.Load(), category) {
		return ce
	}
	return c.Core.Check(e, ce)
}

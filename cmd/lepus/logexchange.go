package main

import (
	"bytes"

	"go.uber.org/zap/zapcore"

	"github.com/lepusmq/lepus/broker/event"
)

// recorder gives lines of the log to a broker, which publishes them.
type recorder struct {
	zapcore.LevelEnabler
	enc         zapcore.Encoder
	contentType string
	to          *event.Records
}

// With implements zapcore.Core.
func (r *recorder) With(fields []zapcore.Field) zapcore.Core {
	with := *r
	with.enc = r.enc.Clone()
	for _, f := range fields {
		f.AddTo(with.enc)
	}
	return &with
}

// Check implements zapcore.Core.
func (r *recorder) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if r.to.Wanted() {
		return ce.AddCore(e, r)
	}
	return ce
}

// Write implements zapcore.Core.
func (r *recorder) Write(e zapcore.Entry, fields []zapcore.Field) error {
	line, err := r.enc.EncodeEntry(e, fields)
	if err != nil {
		return err
	}
	defer line.Free()
	r.to.Add(event.Record{Level: rabbitLevel(e.Level), At: e.Time, Text: bytes.Clone(line.Bytes()), ContentType: r.contentType})
	return nil
}

// Sync implements zapcore.Core.
func (r *recorder) Sync() error { return nil }

// rabbitLevel is RabbitMQ's name of a level.
func rabbitLevel(l zapcore.Level) string {
	switch {
	case l == zapcore.WarnLevel:
		return "warning"
	case l > zapcore.ErrorLevel:
		return "critical"
	}
	return l.String()
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"

	"github.com/lepusmq/lepus/broker/conf"
)

func TestLevelsOfCategoriesAndPlaces(t *testing.T) {
	at := func(l zapcore.Level) *zapcore.Level { return &l }
	for name, tt := range map[string]struct {
		log  conf.Log
		want string // category and level of what is let through
	}{
		"general":            {conf.Log{}, "info queue-info connection-info error"},
		"a category":         {conf.Log{Categories: map[string]zapcore.Level{"queue": zapcore.DebugLevel}}, "info queue-debug queue-info connection-info error"},
		"a quiet one":        {conf.Log{Categories: map[string]zapcore.Level{"connection": zapcore.ErrorLevel}}, "info queue-info error"},
		"none of one":        {conf.Log{Categories: map[string]zapcore.Level{"queue": zapcore.InvalidLevel}}, "info connection-info error"},
		"the place":          {conf.Log{Console: conf.LogOutput{Level: at(zapcore.DebugLevel)}}, "debug info queue-debug queue-info connection-info error"},
		"place and category": {conf.Log{Console: conf.LogOutput{Level: at(zapcore.ErrorLevel)}, Categories: map[string]zapcore.Level{"queue": zapcore.DebugLevel}}, "error"},
	} {
		var out bytes.Buffer
		tt.log.Console.On = true
		g, err := openLog(tt.log, &out)
		if err != nil {
			t.Fatal(err)
		}
		g.logger.Debug("debug")
		g.logger.Info("info")
		g.logger.Named("queue").Debug("queue-debug")
		g.logger.Named("queue").Named("part").With().Info("queue-info")
		g.logger.Named("connection").Info("connection-info")
		g.logger.Error("error")
		var got []string
		for line := range strings.Lines(out.String()) {
			fields := strings.Fields(line)
			got = append(got, fields[len(fields)-1])
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestLevelsChange(t *testing.T) {
	var out bytes.Buffer
	g, err := openLog(conf.Log{Console: conf.LogOutput{On: true}}, &out)
	if err != nil {
		t.Fatal(err)
	}
	child := g.logger.Named("queue")
	child.Debug("before")
	g.setLevel(zapcore.DebugLevel)
	child.Debug("after")
	if got := out.String(); strings.Contains(got, "before") || !strings.Contains(got, "after") {
		t.Errorf("logged %q", got)
	}
}

func TestLogFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "lepus.log")
	var out bytes.Buffer
	g, err := openLog(conf.Log{File: conf.LogOutput{On: true, Path: path, JSON: true}}, &out)
	if err != nil {
		t.Fatal(err)
	}
	g.logger.Info("one")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if err := g.reopen(); err != nil {
		t.Fatal(err)
	}
	g.logger.Info("two")
	t.Cleanup(func() { g.file.Close() })
	for file, want := range map[string]string{path: `"msg":"two"`, path + ".old": `"msg":"one"`} {
		if text, err := os.ReadFile(file); err != nil || strings.Count(string(text), "\n") != 1 || !strings.Contains(string(text), want) {
			t.Errorf("%s has %q, %v", file, text, err)
		}
	}
	if out.Len() > 0 {
		t.Errorf("the console has %q", &out)
	}
	if _, err := openLog(conf.Log{File: conf.LogOutput{On: true, Path: t.TempDir()}}, &out); err == nil || !strings.Contains(err.Error(), "log file") {
		t.Errorf("a folder as file: %v", err)
	}
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/lepusmq/lepus/broker/conf"
)

func TestFilesAreRotated(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	g, err := openLog(conf.Log{File: conf.LogOutput{On: true, Path: path}}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.file.Close()
	count := func() int {
		all, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	g.rotate()
	if n := count(); n != 1 {
		t.Errorf("%d files where nothing was logged", n)
	}
	g.logger.Info("a line")
	g.rotate()
	if info, err := os.Stat(path); err != nil || info.Size() != 0 || count() != 2 {
		t.Errorf("the file has %v, %v, there are %d", info, err, count())
	}
}

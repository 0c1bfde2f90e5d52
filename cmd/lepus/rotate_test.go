package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/broker/conf"
)

func TestAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var did []time.Duration
		done := make(chan struct{})
		next := func(now time.Time) time.Time { return now.Truncate(time.Hour).Add(time.Hour) }
		go again(next, done, func() { did = append(did, time.Since(began)) })
		time.Sleep(150 * time.Minute)
		close(done)
		synctest.Wait()
		if len(did) != 2 || did[0] != time.Hour || did[1] != 2*time.Hour {
			t.Errorf("it was done after %v", did)
		}
	})
}

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

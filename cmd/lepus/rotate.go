package main

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
)

// rotateOnTime puts the log's file aside when its schedule says so, until the
// function that it returns is called.
func (g *logging) rotateOnTime() (stop func()) {
	next := g.levels.Load().Rotation.Next
	if g.file == nil || next(time.Now()).IsZero() {
		return func() {}
	}
	var running sync.WaitGroup
	done := make(chan struct{})
	running.Go(func() { again(next, done, g.rotate) })
	return func() {
		close(done)
		running.Wait()
	}
}

// again does something at each of the times that next returns, until done is closed.
func again(next func(time.Time) time.Time, done <-chan struct{}, do func()) {
	for {
		t := time.NewTimer(time.Until(next(time.Now())))
		select {
		case <-t.C:
			do()
		case <-done:
			t.Stop()
			return
		}
	}
}

// rotate puts the file aside, unless there is nothing in it.
func (g *logging) rotate() {
	info, err := os.Stat(g.file.Filename)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return
	}
	if err := g.file.Rotate(); err != nil {
		g.logger.Error("cannot put the log's file aside", zap.Error(err))
	}
}

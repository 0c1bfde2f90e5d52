package main

import (
	"errors"
	"io/fs"
	"os"
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
	return background(func(quit <-chan struct{}) { again(next, quit, g.rotate) })
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

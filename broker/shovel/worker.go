package shovel

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/stats"
)

// worker is one shovel: it connects, moves messages, and begins again when
// something fails.
type worker struct {
	// immutable
	cfg    *config
	host   Host
	log    *zap.Logger
	ctx    context.Context // ends with the shovel
	cancel context.CancelFunc
	done   chan struct{}
	// before is the shovel that this one takes the place of, which must have ended;
	// nil if there is none.
	before <-chan struct{}

	progress progress

	// Owned by run: how many messages are to be moved yet, and what was said last of
	// a failure.
	left   int64
	failed string
}

func newWorker(host Host, log *zap.Logger, cfg *config, before *worker) *worker {
	w := &worker{
		cfg: cfg, host: host, done: make(chan struct{}), left: cfg.source.limit,
		log: log.With(zap.String("shovel", cfg.name), zap.String("vhost", cfg.vhost)),
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	if before != nil {
		w.before = before.done
	}
	w.progress.begin(cfg)
	return w
}

// run is the shovel. It reports whether all that was wanted has been moved.
func (w *worker) run() (finished bool) {
	defer close(w.done)
	defer w.cancel()
	if w.before != nil {
		<-w.before
	}
	for w.ctx.Err() == nil {
		w.enter(stats.ShovelStarting, "")
		err := w.move()
		switch {
		case err == nil:
			w.log.Info("shovel has finished", zap.Uint64("messages", w.progress.forwarded.Load()))
			return true
		case w.ctx.Err() != nil:
			return false
		}
		w.complain(err)
		w.enter(stats.ShovelTerminated, err.Error())
		if !w.pause() {
			return false
		}
	}
	return false
}

// complain logs a failure, once for all attempts that fail in the same way.
func (w *worker) complain(err error) {
	if text := err.Error(); text != w.failed {
		w.failed = text
		w.log.Error("shovel has failed", zap.String("error", text), zap.Duration("retry every", w.cfg.delay))
	}
}

// pause waits before the next attempt, and reports false if there is none.
func (w *worker) pause() bool {
	if w.cfg.delay == 0 {
		<-w.ctx.Done()
		return false
	}
	again := time.NewTimer(w.cfg.delay)
	defer again.Stop()
	select {
	case <-again.C:
		return true
	case <-w.ctx.Done():
		return false
	}
}

// move connects both ends and moves messages until all that were wanted have
// been, which is no error, or something fails.
func (w *worker) move() error {
	to, at, err := connect(w.ctx, w.host, w.cfg.name, w.cfg.destination.addresses)
	if err != nil {
		return fmt.Errorf("destination: %w", err)
	}
	defer to.close()
	from, source, err := connect(w.ctx, w.host, w.cfg.name, w.cfg.source.addresses)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	m := &mover{
		cfg: w.cfg, from: from, to: to, progress: &w.progress,
		forward: newForwarder(w.cfg, source, at, w.host.ClusterName()),
	}
	w.progress.use(source, at)
	moved := w.moveBy(m)
	if w.left > 0 {
		w.left -= m.settled
	}
	w.progress.pending.Store(0)
	// Only a source that has said goodbye has got what it was told last.
	if err := from.close(); err != nil && moved == nil {
		return fmt.Errorf("source: %w", err)
	}
	return moved
}

func (w *worker) moveBy(m *mover) error {
	n, err := m.prepare()
	if err != nil {
		return err
	}
	if w.left == asLongAsItIs {
		w.left = int64(n)
	}
	m.want = w.left
	if m.want == 0 {
		return nil
	}
	if err := m.begin(); err != nil {
		return err
	}
	w.progress.remaining.Store(m.want)
	w.enter(stats.ShovelRunning, "")
	w.failed = ""
	w.log.Info("shovel is running", zap.Int64("messages", m.want))
	return m.run(w.ctx)
}

func (w *worker) enter(state, reason string) {
	w.progress.enter(state, reason)
	w.host.ShovelState(w.cfg.vhost, w.cfg.name, state)
}

// Package node is a process with a broker in it: it starts the broker, serves its
// control socket, stops and starts it again when its administrator says so, and
// ends it.
package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"sync"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/control"
	"github.com/lepusmq/lepus/broker/lines"
	"github.com/lepusmq/lepus/broker/stats"
)

// Config says what runs in the process.
type Config struct {
	Broker broker.Config
	// SetLogLevel changes from which level on is logged; nil if that cannot be done.
	SetLogLevel func(level string) error
	// LogTail is the last lines of the log, which Run closes at the end; nil is none.
	LogTail *lines.Tail
	// Environment are the settings in effect, by name, without secrets.
	Environment map[string]any
}

// Node is the process. Its methods may be called from any goroutine after Start.
type Node struct {
	// immutable
	cfg  Config
	log  *zap.Logger
	quit chan struct{} // closed by Stop
	died chan struct{} // closed when a broker has ended by itself

	control *control.Server // immutable after Start; nil without a data folder
	stop    sync.Once
	watches sync.WaitGroup

	// turn is held while the broker is started or stopped.
	turn   sync.Mutex
	ending bool          // guarded by turn: it is not started again
	next   broker.Config // guarded by turn: with which it is started

	// guarded by mu
	mu     sync.Mutex
	state  control.State
	broker *broker.Broker // nil unless it runs
}

// Start starts a broker and returns when it serves its clients.
func Start(cfg Config) (*Node, error) {
	n := &Node{cfg: cfg, next: cfg.Broker, log: cfg.Broker.Log, quit: make(chan struct{}), died: make(chan struct{}), state: control.Starting}
	if n.log == nil {
		n.log = zap.NewNop()
	}
	if n.cfg.LogTail == nil {
		n.cfg.LogTail = new(lines.Tail)
	}
	if err := n.StartApp(); err != nil {
		return nil, err
	}
	if cfg.Broker.DataDir == "" {
		return n, nil
	}
	// The data folder is there, and ours alone, only now.
	s, err := control.Serve(cfg.Broker.DataDir, n, n.log)
	if err != nil {
		return nil, errors.Join(err, n.StopApp())
	}
	n.control = s
	return n, nil
}

// Run returns when the node is to end: because ctx has, because Stop was called,
// or because the broker could not go on, which is the error.
func (n *Node) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-n.quit:
	case <-n.died:
	}
	n.cfg.LogTail.Close()
	err := n.end()
	// The socket goes last: that it is gone shows that all has ended.
	if n.control != nil {
		err = errors.Join(err, n.control.Close())
	}
	n.watches.Wait()
	return err
}

// Running returns the broker; nil while there is none.
func (n *Node) Running() *broker.Broker {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.broker
}

// Reload takes over what may change of a configuration while the broker runs, see
// [broker.Broker.Reload]. When the broker is stopped and started again it is started
// with this one, but for its data folder and name.
func (n *Node) Reload(cfg broker.Config) error {
	n.turn.Lock()
	defer n.turn.Unlock()
	if b := n.Running(); b != nil {
		if err := b.Reload(cfg); err != nil {
			return err
		}
	}
	is := n.cfg.Broker
	cfg.DataDir, cfg.NodeName, cfg.Log, cfg.LogRecords, cfg.FloodNews = is.DataDir, is.NodeName, is.Log, is.LogRecords, is.FloodNews
	n.next = cfg
	return nil
}

// Info implements [control.Node].
func (n *Node) Info() control.Info {
	n.mu.Lock()
	defer n.mu.Unlock()
	return control.Info{
		Name: cmp.Or(n.cfg.Broker.NodeName, "rabbit@"+hostname()), PID: os.Getpid(), State: n.state, DataDir: n.cfg.Broker.DataDir,
	}
}

func hostname() string {
	host, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return host
}

// Environment implements [control.Node].
func (n *Node) Environment() map[string]any { return n.cfg.Environment }

// API implements [control.Node].
func (n *Node) API() http.Handler {
	if b := n.Running(); b != nil {
		return b.LocalAPI()
	}
	return nil
}

// Stop implements [control.Node].
func (n *Node) Stop() { n.stop.Do(func() { close(n.quit) }) }

// StartApp implements [control.Node].
func (n *Node) StartApp() error {
	n.turn.Lock()
	defer n.turn.Unlock()
	if n.Running() != nil {
		return nil
	}
	if n.ending {
		return control.ErrStopped
	}
	n.become(control.Starting, nil)
	cfg := n.next
	cfg.Control = control.Handler(n)
	b := broker.New(cfg)
	if err := b.Start(); err != nil {
		n.become(control.Stopped, nil)
		return err
	}
	n.become(control.Running, b)
	n.watches.Go(func() {
		<-b.Done()
		if n.Running() == b { // nobody stopped it
			close(n.died)
		}
	})
	return nil
}

// StopApp implements [control.Node]. The error is what the broker ended with.
func (n *Node) StopApp() error {
	n.turn.Lock()
	defer n.turn.Unlock()
	return n.halt()
}

// end is StopApp for good.
func (n *Node) end() error {
	n.turn.Lock()
	defer n.turn.Unlock()
	n.ending = true
	return n.halt()
}

func (n *Node) halt() error {
	b := n.Running()
	if b == nil {
		return nil
	}
	n.become(control.Stopped, nil)
	return b.Shutdown(context.Background())
}

func (n *Node) become(s control.State, b *broker.Broker) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.state, n.broker = s, b
}

// Reset implements [control.Node]. What is in the data folder that the broker
// did not make stays.
func (n *Node) Reset() error {
	n.turn.Lock()
	defer n.turn.Unlock()
	if n.Running() != nil {
		return control.ErrRunning
	}
	if err := broker.RemoveData(n.cfg.Broker.DataDir); err != nil {
		return err
	}
	n.log.Warn("reset: all that the broker held is deleted")
	return nil
}

// running does something to the broker.
func (n *Node) running(do func(*broker.Broker) error) error {
	b := n.Running()
	if b == nil {
		return control.ErrStopped
	}
	return do(b)
}

// SuspendListeners implements [control.Node].
func (n *Node) SuspendListeners() error { return n.running((*broker.Broker).SuspendListeners) }

// ResumeListeners implements [control.Node].
func (n *Node) ResumeListeners() error { return n.running((*broker.Broker).ResumeListeners) }

// Drain implements [control.Node].
func (n *Node) Drain() (closed int, err error) {
	err = n.running(func(b *broker.Broker) (err error) { closed, err = b.Drain(); return err })
	return closed, err
}

// Revive implements [control.Node].
func (n *Node) Revive() error { return n.running((*broker.Broker).Revive) }

// MessageSizes implements [control.Node].
func (n *Node) MessageSizes() ([]control.SizeClass, error) {
	var all []control.SizeClass
	err := n.running(func(b *broker.Broker) error {
		got, bounds := b.Received(), stats.SizeBounds()
		for i, messages := range got.Sizes {
			class := control.SizeClass{Messages: messages}
			if i < len(bounds) {
				class.Most = bounds[i]
			}
			all = append(all, class)
		}
		return nil
	})
	return all, err
}

// ClearAuthCache implements [control.Node].
func (n *Node) ClearAuthCache() error {
	return n.running(func(b *broker.Broker) error { b.ClearAuthCache(); return nil })
}

// Log implements [control.Node].
func (n *Node) Log() *lines.Tail { return n.cfg.LogTail }

// WatchEvents implements [control.Node].
func (n *Node) WatchEvents(ctx context.Context, each func(lines []string) error) error {
	return n.running(func(b *broker.Broker) error { return b.WatchEvents(ctx, each) })
}

// bytes is what a threshold comes to.
func bytes(t control.Threshold) (int64, error) {
	switch {
	case t.Absolute < 0 || t.Relative < 0 || math.IsNaN(t.Relative) || t.Relative > 1e6:
		return 0, fmt.Errorf("%w: a threshold is a positive number", control.ErrArgument)
	case t.Absolute > 0:
		return t.Absolute, nil
	case broker.AvailableMemory() == 0:
		return 0, fmt.Errorf("%w: it is not known of how much memory this would be a share", control.ErrArgument)
	}
	// The least there is, for 0: with RabbitMQ that blocks all publishers.
	return max(int64(t.Relative*float64(broker.AvailableMemory())), 1), nil
}

// SetMemoryHighWatermark implements [control.Node].
func (n *Node) SetMemoryHighWatermark(t control.Threshold) error {
	most, err := bytes(t)
	if err != nil {
		return err
	}
	return n.running(func(b *broker.Broker) error { b.SetMemoryHighWatermark(most); return nil })
}

// SetDiskFreeLimit implements [control.Node].
func (n *Node) SetDiskFreeLimit(t control.Threshold) error {
	least, err := bytes(t)
	if err != nil {
		return err
	}
	return n.running(func(b *broker.Broker) error { b.SetDiskFreeLimit(least); return nil })
}

// SetAlarm implements [control.Node].
func (n *Node) SetAlarm(name string, on bool) error {
	alarm, ok := map[string]broker.Alarm{"memory": broker.MemoryAlarm, "disk": broker.DiskAlarm}[name]
	if !ok {
		return fmt.Errorf("%w: there is no alarm %q", control.ErrArgument, name)
	}
	return n.running(func(b *broker.Broker) error { b.SetAlarm(alarm, on); return nil })
}

// SetChannelMax implements [control.Node].
func (n *Node) SetChannelMax(most int) error {
	return n.running(func(b *broker.Broker) error {
		if err := b.SetChannelMax(most); err != nil {
			return fmt.Errorf("%w: %w", control.ErrArgument, err)
		}
		return nil
	})
}

// SetLoopbackUsers implements [control.Node].
func (n *Node) SetLoopbackUsers(names []string) error {
	return n.running(func(b *broker.Broker) error { b.SetLoopbackUsers(names); return nil })
}

// SetLogLevel implements [control.Node].
func (n *Node) SetLogLevel(level string) error {
	if n.cfg.SetLogLevel == nil {
		return errors.New("the level of this log cannot change")
	}
	if err := n.cfg.SetLogLevel(level); err != nil {
		return fmt.Errorf("%w: %w", control.ErrArgument, err)
	}
	return nil
}

// Login implements [control.Node].
func (n *Node) Login(name, password string) error {
	return n.running(func(b *broker.Broker) error {
		here := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
		if _, _, err := b.Login(name, password, here); err != nil {
			return control.ErrRefused
		}
		return nil
	})
}

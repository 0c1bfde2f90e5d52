package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/urfave/cli/v2"
	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/conf"
	"github.com/lepusmq/lepus/cmd/lepus/node"
)

func serverCommand() *cli.Command {
	return &cli.Command{
		Name:      "server",
		Usage:     "run a broker until it is told to stop (SIGTERM, SIGINT)",
		UsageText: "lepus server [flags]",
		Action:    runServer,
		Flags:     settingFlags(),
	}
}

// runServer runs a broker until a signal comes, the command's context ends or
// the broker fails. The limit of open files needs no care: the Go runtime
// raises it as far as it is allowed to.
func runServer(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	loaded, err := loadConfig(c)
	if err != nil {
		return err
	}
	log, err := openLog(loaded.Settings.Log, c.App.ErrWriter)
	if err != nil {
		return err
	}
	sayConfig(log.logger, loaded)
	defer collectOften()()
	defer spareProcessor()()
	defer log.rotateOnTime()()
	ctx, stop := signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Whoever rotates logs does not wait until a large broker has started.
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)
	defer signal.Stop(hangUp)

	cfg := loaded.Settings.Broker
	cfg.Log, cfg.LogRecords = log.logger, log.records
	cfg.FloodNews = politeness()
	cfg.ConfigFiles, cfg.LogFiles = loaded.Files, logFiles(&loaded.Settings.Log)
	n, err := node.Start(node.Config{Broker: cfg, SetLogLevel: log.setLevelNamed, LogTail: log.tail, Environment: loaded.Public()})
	if err != nil {
		if errors.Is(err, broker.ErrDamaged) {
			return fmt.Errorf("%w (--accept-log-loss starts without what is lost)", err)
		}
		return err
	}
	s := &process{cli: c, node: n, log: log, pidFile: loaded.Settings.PIDFile, begun: loaded}
	if b := n.Running(); b != nil {
		s.sayReady(readyLine(b, cfg))
	}
	defer s.reloadOn(hangUp)()
	defer s.removePIDFile()
	defer s.stopOn(ctx, stop)()
	defer keepTrimmed()()
	return n.Run(ctx)
}

// sayConfig logs where the configuration comes from, and what of it has no effect.
func sayConfig(log *zap.Logger, loaded *conf.Loaded) {
	if len(loaded.Files) > 0 {
		log.Info("configuration read", zap.Strings("files", loaded.Files))
	}
	for _, w := range loaded.Warnings {
		log.Warn("configuration: " + w)
	}
}

// process is a broker that runs as a process of its own.
type process struct {
	cli     *cli.Context
	node    *node.Node
	log     *logging
	pidFile string
	begun   *conf.Loaded // what the process was started with
}

// sayReady tells everybody who waits for it that the broker is ready. Whoever
// cannot be told is no reason not to serve the others.
func (s *process) sayReady(line string) {
	if _, err := fmt.Fprintln(s.cli.App.Writer, line); err != nil {
		s.log.logger.Warn("cannot print that the server is ready")
	}
	if s.pidFile != "" {
		if err := writePIDFile(s.pidFile); err != nil {
			s.log.logger.Warn("cannot write the file with the process's number", zap.Error(err))
		}
	}
	s.tell(daemon.SdNotifyReady)
}

// tell tells systemd, if the process is one of its services.
func (s *process) tell(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.log.logger.Warn("cannot tell systemd", zap.Error(err))
	}
}

func writePIDFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644)
}

func (s *process) removePIDFile() {
	if s.pidFile != "" {
		_ = os.Remove(s.pidFile) // it may be gone already
	}
}

// stopOn tells that the end has begun when ctx is done. Wait returns when that was
// told, or will not be.
func (s *process) stopOn(ctx context.Context, stop func()) (wait func()) {
	told := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		defer close(told)
		// A second signal does not wait for an orderly end.
		stop()
		s.tell(daemon.SdNotifyStopping)
	})
	return func() {
		// The end may be over before the function has been started.
		if ctx.Err() != nil || !forget() {
			<-told
		}
	}
}

// reloadOn reloads when the signal comes, until stop is called.
func (s *process) reloadOn(hangUp <-chan os.Signal) (stop func()) {
	return background(func(quit <-chan struct{}) {
		for {
			select {
			case <-quit:
				return
			case <-hangUp:
			}
			s.tell(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
			if err := s.reload(); err != nil {
				s.log.logger.Error("reload: what cannot be taken over stays as it was", zap.Error(err))
			} else {
				s.log.logger.Info("configuration and certificates loaded anew")
			}
			s.tell(daemon.SdNotifyReady)
		}
	})
}

// reload takes over what may change of the configuration, and opens the log's file
// anew. A configuration that is wrong changes nothing.
func (s *process) reload() error {
	reopened := s.log.reopen()
	loaded, err := loadConfig(s.cli)
	if err != nil {
		return errors.Join(reopened, err)
	}
	for _, w := range loaded.Warnings {
		s.log.logger.Warn("configuration: " + w)
	}
	s.log.set(loaded.Settings.Log)
	if keys := s.begun.NeedRestart(loaded); len(keys) > 0 {
		s.log.logger.Warn("these settings have changed, which needs a restart", zap.Strings("keys", keys))
	}
	return errors.Join(reopened, s.node.Reload(loaded.Settings.Broker))
}

// readyLine is what scripts wait for: one line with every address.
func readyLine(b *broker.Broker, cfg broker.Config) string {
	where := "in memory"
	if cfg.DataDir != "" {
		where = "data in " + cfg.DataDir
	}
	var urls []string
	for _, l := range b.Listeners() {
		url := listenerURL(l.Protocol, l.Address, l.Port)
		if strings.HasSuffix(l.Protocol, "/prometheus") {
			url += cmp.Or(cfg.MetricsPath, "/metrics")
		}
		urls = append(urls, url)
	}
	return fmt.Sprintf("lepus %s ready: %s (%s)", version, strings.Join(urls, " "), where)
}

// listenerURL returns the URL of a listener as one would type it: a listener on
// every interface is found as localhost, too, and a Unix socket by its path.
func listenerURL(protocol, host string, port int) string {
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	scheme, _, _ := strings.Cut(protocol, "/")
	switch {
	case strings.HasPrefix(host, "/"):
		return "unix:" + host
	case protocol == "amqp/ssl":
		scheme = "amqps"
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port))
}

//go:build unix

package main

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lepusmq/lepus/broker/certs/certstest"
)

// A server that is told to reload (SIGHUP) shows its new certificate, keeps
// connections, logs as it is now to, and passes over a file that is wrong.
func TestServerReloads(t *testing.T) {
	first, second := certstest.Authority(t), certstest.Authority(t)
	cert, key := first.Server(t).Files(t)
	logFile := filepath.Join(t.TempDir(), "log")
	text := "listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:0\nhandshake_timeout = 60000\nssl_handshake_timeout = 60000\nssl_options.certfile = " + cert + "\nssl_options.keyfile = " + key + "\nlog.file = " + logFile + "\n"
	path := confFile(t, text)
	pidFile := filepath.Join(t.TempDir(), "pid")
	notify := notifySocket(t)

	s := startServer(t, "--config", path, "--ephemeral", "--set", "pid_file="+pidFile)
	if state := <-notify; state != "READY=1" {
		t.Errorf("systemd is told %q", state)
	}
	if text, err := os.ReadFile(pidFile); err != nil || strings.TrimSpace(string(text)) != strconv.Itoa(os.Getpid()) {
		t.Errorf("the number is %q, %v", text, err)
	}
	address := regexp.MustCompile(`amqps://(\S+)`).FindStringSubmatch(s.ready)[1]
	conn, err := tls.Dial("tcp", address, first.TLS())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()

	reload := func(wantState ...string) {
		t.Helper()
		sendSignal(t, syscall.SIGHUP)
		for _, want := range wantState {
			if state := <-notify; !strings.HasPrefix(state, want) {
				t.Errorf("systemd is told %q, want %q", state, want)
			}
		}
	}
	logged := func(what string) func() bool {
		return func() bool {
			text, err := os.ReadFile(logFile)
			return err == nil && strings.Contains(string(text), what)
		}
	}
	next := second.Server(t)
	certstest.Write(t, cert, next.PEM())
	certstest.Write(t, key, next.KeyPEM(t))
	certstest.Write(t, path, []byte(text+"log.default.level = debug\nconnection_max = 5\ndefault_queue_type = quorum\n"))
	reload("RELOADING=1", "READY=1")
	eventually(t, "the configuration is loaded anew", logged("loaded anew"))
	if c, err := tls.Dial("tcp", address, second.TLS()); err != nil {
		t.Errorf("the new certificate: %v", err)
	} else {
		c.Close()
	}
	eventually(t, "what needs a restart is named", logged(`needs a restart	{"keys": ["default_queue_type"]}`))
	eventually(t, "debug is logged", logged("\tdebug\t"))
	if _, err := io.WriteString(conn, "AMQP\x00\x00\x09\x01"); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 100)); err != nil || n == 0 {
		t.Errorf("the old connection: %d, %v", n, err)
	}

	certstest.Write(t, path, []byte("heartbeet = 5\n"))
	reload("RELOADING=1", "READY=1")
	eventually(t, "the error is logged", logged("there is no key heartbeet"))
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if state := <-notify; state != "STOPPING=1" {
		t.Errorf("systemd is told %q", state)
	}
	if _, err := os.Stat(pidFile); err == nil {
		t.Error("the file with its number is still there")
	}
}

// A server that is told to reload before it is ready does so then. It is not ready
// before somebody has read its line.
func TestServerReloadsAfterTheStart(t *testing.T) {
	logFile := filepath.Join(t.TempDir(), "log")
	s, out := launchServer(t, "--ephemeral", "--listen", "127.0.0.1:0", "--set", "log.file="+logFile)
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	sendSignal(t, syscall.SIGHUP)
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the configuration is loaded anew", func() bool {
		text, err := os.ReadFile(logFile)
		return err == nil && strings.Contains(string(text), "loaded anew")
	})
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

// notifySocket is what systemd listens on.
func notifySocket(t *testing.T) <-chan string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	states := make(chan string, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 100)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			states <- string(buf[:n])
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	return states
}

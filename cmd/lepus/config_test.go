package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker/conf"
)

// confFile writes a configuration file.
func confFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rabbitmq.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigShowsWhereValuesComeFrom(t *testing.T) {
	path := confFile(t, "heartbeat = 20\nlisteners.tcp.a = 1\ndefault_pass = s3cret\nnum_acceptors.tcp = 10\n")
	t.Setenv("LEPUS_CONSUMER_TIMEOUT", "5m")
	t.Setenv("RABBITMQ_DEFAULT_USER", "ann")
	out, errOut, err := runCommand(t, "config", "--config", path, "--listen", "127.0.0.1:2", "--set", "frame_max=8192")
	if err != nil {
		t.Fatal(err)
	}
	for line, from := range map[string]string{
		"heartbeat = 20": path + ":1", "listeners.tcp.1 = 127.0.0.1:2": "--listen", "default_pass = ******": path + ":3",
		"consumer_timeout = 5m": "--consumer-timeout or LEPUS_CONSUMER_TIMEOUT", "default_user = ann": "RABBITMQ_DEFAULT_USER",
		"frame_max = 8192": "--set", "channel_max = 2047": "default",
	} {
		found := false
		for got := range strings.Lines(out) {
			key, where, _ := strings.Cut(strings.TrimSpace(got), " # ")
			found = found || strings.TrimSpace(key) == line && strings.TrimSpace(where) == from
		}
		if !found {
			t.Errorf("no %q of %q in\n%s", line, from, out)
		}
	}
	if strings.Contains(out, "s3cret") || strings.Contains(out, "listeners.tcp.a") {
		t.Errorf("it says\n%s", out)
	}
	if !strings.Contains(errOut, path+":4: num_acceptors.tcp has no effect") {
		t.Errorf("it warns of %q", errOut)
	}
}

func TestConfigKeysIsTheReference(t *testing.T) {
	if out, _, err := runCommand(t, "config", "keys"); err != nil || out != conf.Reference() {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestConfigCheck(t *testing.T) {
	good := confFile(t, "heartbeat = 20\n")
	if out, _, err := runCommand(t, "config", "check", good); err != nil || !strings.HasPrefix(out, good+" is good") {
		t.Errorf("%v %q", err, out)
	}
	for text, want := range map[string]string{
		"heartbeet = 1":             ":1: there is no key heartbeet: is it heartbeat?",
		"auth_mechanisms.1 = magic": `there is no mechanism "MAGIC"`,
		"listeners.ssl.1 = 5671\nssl_options.certfile = /nowhere\nssl_options.keyfile = /k": "open /nowhere",
	} {
		path := confFile(t, text)
		if _, _, err := runCommand(t, "config", "check", path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, _, err := runCommand(t, "config", "check"); err == nil {
		t.Error("nothing to check is good")
	}
}

func TestTheReadmeHasEveryFlag(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range settingFlags() {
		if name := f.Names()[0]; !strings.Contains(string(text), "`--"+name) {
			t.Errorf("README.md does not know --%s", name)
		}
	}
}

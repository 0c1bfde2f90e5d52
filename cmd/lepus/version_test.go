package main

import (
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	out, errOut, err := runCommand(t, "version")
	if err != nil || errOut != "" {
		t.Errorf("%v %q", err, errOut)
	}
	if !strings.HasPrefix(out, "lepus "+version+" (go") || !strings.HasSuffix(out, "RabbitMQ 4.1.4\n") {
		t.Errorf("got %q", out)
	}
}

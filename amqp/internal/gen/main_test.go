package main

import (
	"bytes"
	"os"
	"testing"
)

func TestCheckedInFileIsUpToDate(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../methods_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("methods_gen.go is not what the generator makes: run go generate ./amqp")
	}
}

func TestGoName(t *testing.T) {
	for name, want := range map[string]string{
		"queue": "Queue", "class-id": "ClassID", "routing-key": "RoutingKey", "nowait": "NoWait", "start-ok": "StartOk",
	} {
		if got := goName(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

package parameter_test

import (
	"errors"
	"testing"

	"github.com/lepusmq/lepus/broker/parameter"
)

// The texts are those of RabbitMQ 3.10 for its shovels.
func TestFaultsAreInRabbitMQsWords(t *testing.T) {
	rules := []parameter.Rule{
		{Key: "uri", Required: true, Check: parameter.Text},
		{Key: "queue", Check: parameter.Text},
		{Key: "prefetch-count", Check: parameter.Number},
		{Key: "reconnect-delay", Check: parameter.Count},
		{Key: "add-forward-headers", Check: parameter.Bool},
		{Key: "publish-properties", Check: parameter.Object},
		{Key: "ack-mode", Check: parameter.OneOf("no-ack", "on-publish")},
	}
	for _, c := range []struct{ object, want string }{
		{`{"uri":"u","queue":"q","prefetch-count":5,"add-forward-headers":true,"publish-properties":{},"ack-mode":"no-ack"}`, ""},
		{`{"a":1}`, "Unrecognised terms [{<<\"a\">>,1}] in x\nKey \"uri\" not found in x"},
		{`[]`, "Key \"uri\" not found in x"},
		{`{"uri":1}`, "uri should be binary, actually was 1"},
		{`{"uri":"u","prefetch-count":"x"}`, "prefetch-count should be a number, actually was <<\"x\">>"},
		{`{"uri":"u","prefetch-count":1.5}`, "prefetch-count should be a number, actually was 1.5"},
		{`{"uri":"u","reconnect-delay":-1}`, "reconnect-delay should be a number greater than or equal to 0, actually was -1"},
		{`{"uri":"u","add-forward-headers":1}`, "add-forward-headers should be boolean, actually was 1"},
		{`{"uri":"u","publish-properties":1}`, "publish-properties not a list 1"},
		{`{"uri":"u","ack-mode":"z"}`, "ack-mode should be one of [<<\"no-ack\">>,<<\"on-publish\">>], actually was <<\"z\">>"},
	} {
		object, err := parameter.DecodeObject("x", []byte(c.object))
		if err != nil {
			t.Fatalf("%s: %v", c.object, err)
		}
		err = parameter.Faults(parameter.CheckObject("x", object, rules))
		want := "Validation failed\n\n" + c.want + "\n"
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s is refused: %v", c.object, err)
		case c.want != "" && (err == nil || err.Error() != want):
			t.Errorf("%s is refused with %v, want %s", c.object, err, want)
		}
	}
}

func TestOnlyObjectsAreObjects(t *testing.T) {
	for _, text := range []string{``, `{`, `{} {}`, `1`, `[1]`, `"x"`, `null`} {
		var invalid parameter.Invalid
		if object, err := parameter.DecodeObject("x", []byte(text)); !errors.As(err, &invalid) {
			t.Errorf("%q is %v, %v", text, object, err)
		}
	}
}

func TestLargeIntegersStayNumbers(t *testing.T) {
	v, err := parameter.Decode([]byte(`[9223372036854775807, 9223372036854775808, 1e999]`))
	if err != nil {
		t.Fatal(err)
	}
	list := v.([]any)
	if _, ok := list[0].(int64); !ok {
		t.Errorf("the largest integer is a %T", list[0])
	}
	for _, n := range list[1:] {
		if _, ok := n.(float64); !ok {
			t.Errorf("a larger one is a %T", n)
		}
	}
}

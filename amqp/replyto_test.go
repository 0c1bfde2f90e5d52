package amqp

import (
	"reflect"
	"testing"
)

func TestAppendWithReplyTo(t *testing.T) {
	few := Properties{Flags: HasReplyTo | HasUserID, ReplyTo: "old", UserID: "guest"}
	for name, p := range map[string]Properties{"all": allSet, "few": few, "only": {Flags: HasReplyTo, ReplyTo: "a"}} {
		const to = "amq.rabbitmq.reply-to.x"
		got, err := ParseProperties(AppendWithReplyTo(nil, p.Append(nil), to))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := p
		want.ReplyTo = to
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
}

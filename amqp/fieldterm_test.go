package amqp

import "testing"

// As RabbitMQ 3.10 shows them in the events of its event exchange.
func TestFieldTerm(t *testing.T) {
	for _, c := range []struct {
		value Value
		want  string
	}{
		{Int32(10), "{<<\"k\">>,signedint,10}"},
		{Int64(-1), "{<<\"k\">>,long,-1}"},
		{Uint8(255), "{<<\"k\">>,unsignedbyte,255}"},
		{String("b"), "{<<\"k\">>,longstr,<<\"b\">>}"},
		{Bool(true), "{<<\"k\">>,bool,true}"},
		{Array(Int64(1)), "{<<\"k\">>,array,[{long,1}]}"},
		{TableValue(Table{{Key: "x", Value: Bool(false)}}), "{<<\"k\">>,table,[{<<\"x\">>,bool,false}]}"},
		{Void(), "{<<\"k\">>,void,undefined}"},
	} {
		if got := (Field{Key: "k", Value: c.value}).Term(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

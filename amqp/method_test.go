package amqp

import (
	"reflect"
	"testing"
)

// samples is one of every method, each field with a value of its own.
func samples() []Method {
	args := Table{{"x-priority", Int32(5)}, {"nested", TableValue(Table{{"a", Bool(true)}})}}
	return []Method{
		&ConnectionStart{0, 9, args, "PLAIN AMQPLAIN", "en_US"},
		&ConnectionStartOk{args, "PLAIN", "\x00guest\x00guest", "en_US"},
		&ConnectionSecure{"\xFF challenge"}, &ConnectionSecureOk{"response"},
		&ConnectionTune{2047, 131072, 60}, &ConnectionTuneOk{1, 4096, 10},
		&ConnectionOpen{"/"}, &ConnectionOpenOk{},
		&ConnectionClose{320, "CONNECTION_FORCED - bye", 10, 40}, &ConnectionCloseOk{},
		&ConnectionBlocked{"low on memory"}, &ConnectionUnblocked{},
		&ConnectionUpdateSecret{"new", "rotation"}, &ConnectionUpdateSecretOk{},
		&ChannelOpen{}, &ChannelOpenOk{}, &ChannelFlow{true}, &ChannelFlowOk{true},
		&ChannelClose{404, "NOT_FOUND - no queue 'é'", 50, 10}, &ChannelCloseOk{},
		&AccessRequest{"/data", false, true, false, true, true}, &AccessRequestOk{1},
		&ExchangeDeclare{"x", "topic", false, true, false, true, false, args}, &ExchangeDeclareOk{},
		&ExchangeDelete{"x", true, false}, &ExchangeDeleteOk{},
		&ExchangeBind{"to", "from", "key", true, args}, &ExchangeBindOk{},
		&ExchangeUnbind{"to", "from", "key", false, args}, &ExchangeUnbindOk{},
		&QueueDeclare{"q", false, true, false, true, false, args}, &QueueDeclareOk{"q", 3, 2},
		&QueueBind{"q", "x", "key", true, args}, &QueueBindOk{},
		&QueuePurge{"q", true}, &QueuePurgeOk{9},
		&QueueDelete{"q", true, false, true}, &QueueDeleteOk{9},
		&QueueUnbind{"q", "x", "key", args}, &QueueUnbindOk{},
		&BasicQos{1, 100, true}, &BasicQosOk{},
		&BasicConsume{"q", "ctag", true, false, true, false, args}, &BasicConsumeOk{"ctag"},
		&BasicCancel{"ctag", true}, &BasicCancelOk{"ctag"},
		&BasicPublish{[]byte("x"), []byte("key\xFF"), true, false},
		&BasicReturn{312, []byte("NO_ROUTE"), []byte("x"), []byte("key")},
		&BasicDeliver{[]byte("ctag"), 1 << 40, true, []byte("x"), []byte("key")},
		&BasicGet{"q", true}, &BasicGetOk{7, true, []byte("x"), []byte("key"), 3}, &BasicGetEmpty{},
		&BasicAck{7, true}, &BasicReject{7, true},
		&BasicRecoverAsync{true}, &BasicRecover{true}, &BasicRecoverOk{}, &BasicNack{7, false, true},
		&ConfirmSelect{true}, &ConfirmSelectOk{},
		&TxSelect{}, &TxSelectOk{}, &TxCommit{}, &TxCommitOk{}, &TxRollback{}, &TxRollbackOk{},
	}
}

func TestMethodsSurviveTheWire(t *testing.T) {
	for _, m := range samples() {
		id, args, err := ParseMethod(m.Append(nil))
		if err != nil || id != m.ID() {
			t.Errorf("%T: id is %v, %v; want %v", m, id, err, m.ID())
			continue
		}
		got, err := DecodeMethod(id, args)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%s: got %+v, %v; want %+v", id, got, err, m)
		}
		if len(args) == 0 {
			continue
		}
		_, err = DecodeMethod(id, args[:len(args)-1])
		checkCode(t, err, FrameError, id)
		_, err = DecodeMethod(id, append(args, 0))
		checkCode(t, err, FrameError, id)
	}
}

func TestEveryMethodHasASample(t *testing.T) {
	seen := map[MethodID]bool{}
	for _, m := range samples() {
		seen[m.ID()] = true
	}
	for class := range uint32(128) {
		for method := range uint32(256) {
			id := MethodID(class<<16 | method)
			if known := newMethod(id) != nil; known != seen[id] || known != (methodName(id) != "") {
				t.Errorf("%s: known is %v, in samples %v, name %q", id, known, seen[id], methodName(id))
			}
		}
	}
}

func TestMethodNumbers(t *testing.T) {
	// The ones that the specification lacks, or has at an odd place.
	for id, want := range map[MethodID]string{
		10<<16 | 60: "connection.blocked", 10<<16 | 61: "connection.unblocked", 10<<16 | 70: "connection.update-secret", 10<<16 | 71: "connection.update-secret-ok",
		30<<16 | 10: "access.request", 30<<16 | 11: "access.request-ok",
		40<<16 | 30: "exchange.bind", 40<<16 | 31: "exchange.bind-ok", 40<<16 | 40: "exchange.unbind", 40<<16 | 51: "exchange.unbind-ok",
		60<<16 | 110: "basic.recover", 60<<16 | 111: "basic.recover-ok", 60<<16 | 120: "basic.nack",
		85<<16 | 10: "confirm.select", 85<<16 | 11: "confirm.select-ok", 90<<16 | 30: "tx.rollback",
		60<<16 | 999: "60.999", 0: "0.0",
	} {
		if id.String() != want {
			t.Errorf("%d.%d is %s, want %s", id.Class(), id.Method(), id, want)
		}
	}
}

func TestMethodBytes(t *testing.T) {
	for _, tc := range []struct {
		m    Method
		want string
	}{
		{&ConnectionOpen{VirtualHost: "/"}, "\x00\x0A\x00\x28\x01/\x00\x00"},
		{&ChannelOpenOk{}, "\x00\x14\x00\x0B\x00\x00\x00\x00"},
		{&QueueDeclare{Queue: "q", Durable: true, NoWait: true}, "\x00\x32\x00\x0A\x00\x00\x01q\x12\x00\x00\x00\x00"},
		{&BasicPublish{RoutingKey: []byte("k"), Immediate: true}, "\x00\x3C\x00\x28\x00\x00\x00\x01k\x02"},
		{&BasicDeliver{[]byte("c"), 258, true, nil, []byte("k")}, "\x00\x3C\x00\x3C\x01c\x00\x00\x00\x00\x00\x00\x01\x02\x01\x00\x01k"},
		{&BasicGetEmpty{}, "\x00\x3C\x00\x48\x00"},
		{&AccessRequest{Realm: "/data", Passive: true, Read: true}, "\x00\x1E\x00\x0A\x05/data\x12"},
	} {
		if got := string(tc.m.Append(nil)); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.m.ID(), got, tc.want)
		}
	}
}

func TestTooLongStringsAreCut(t *testing.T) {
	long := make([]byte, 300)
	m := BasicDeliver{ConsumerTag: long, DeliveryTag: 1}
	var got BasicDeliver
	if err := got.Decode(m.Append(nil)[4:]); err != nil || len(got.ConsumerTag) != 255 || got.DeliveryTag != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestUndecodableMethods(t *testing.T) {
	for _, tc := range []struct{ name, payload, want string }{
		{"too short", "\x00\x3C\x03", `FRAME_ERROR - type 1, all octets = <<0,60,3>>: unknown_frame`},
		{"unknown", "\x00\x3C\x03\xE7", "COMMAND_INVALID - unknown method 60.999"},
		{"no arguments", "\x00\x32\x00\x0A", "FRAME_ERROR - cannot decode <<>>"},
		{"too many", "\x00\x5A\x00\x0A\x01", "FRAME_ERROR - cannot decode <<1>>"},
		{"cut", "\x00\x3C\x00\x28\x00\x00\x00\x01\xFF", "FRAME_ERROR - cannot decode <<0,0,0,1,255>>"},
		{"table of no type", "\x00\x32\x00\x0A\x00\x00\x00\x00\x00\x00\x00\x03\x01aZ",
			"FRAME_ERROR - cannot decode <<0,0,0,0,0,0,0,3,1,97,90>>"},
		{"not UTF-8", "\x00\x32\x00\x1E\x00\x00\x01\xFF\x00", "FRAME_ERROR - Malformed UTF-8 in shortstr"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id, args, err := ParseMethod([]byte(tc.payload))
			if err == nil {
				_, err = DecodeMethod(id, args)
			}
			checkError(t, err, tc.want)
		})
	}
}

func TestSpareBitsAreIgnored(t *testing.T) {
	var m BasicAck
	if err := m.Decode([]byte{0, 0, 0, 0, 0, 0, 0, 9, 0xFE}); err != nil || m.Multiple || m.DeliveryTag != 9 {
		t.Errorf("got %+v, %v", m, err)
	}
}

func checkCode(t *testing.T, err error, code uint16, id MethodID) {
	t.Helper()
	e, ok := err.(*Error)
	if !ok || e.Code != code || e.Method != id {
		t.Errorf("%s: got error %#v, want code %d", id, err, code)
	}
}

package amqp

import (
	"errors"
	"reflect"
	"testing"
)

var allSet = Properties{
	Flags: allProperties, ContentType: "text/plain", ContentEncoding: "utf-8", Headers: Table{{"a", Int32(1)}},
	DeliveryMode: Persistent, Priority: 9, CorrelationID: "corr", ReplyTo: "reply", Expiration: "60000",
	MessageID: "id", Timestamp: 1 << 40, Type: "type", UserID: "guest", AppID: "app", ClusterID: "cluster",
}

func TestProperties(t *testing.T) {
	for _, tc := range []struct {
		name string
		p    Properties
		wire string
	}{
		{"none", Properties{}, "\x00\x00"},
		{"not named by a flag", Properties{ContentType: "text/plain", Priority: 4}, "\x00\x00"},
		{"content type", Properties{Flags: HasContentType, ContentType: "a"}, "\x80\x00\x01a"},
		{"empty content encoding", Properties{Flags: HasContentEncoding}, "\x40\x00\x00"},
		{"empty headers", Properties{Flags: HasHeaders}, "\x20\x00\x00\x00\x00\x00"},
		{"delivery mode", Properties{Flags: HasDeliveryMode, DeliveryMode: 2}, "\x10\x00\x02"},
		{"priority", Properties{Flags: HasPriority, Priority: 255}, "\x08\x00\xFF"},
		{"timestamp", Properties{Flags: HasTimestamp, Timestamp: 258}, "\x00\x40\x00\x00\x00\x00\x00\x00\x01\x02"},
		{"cluster id", Properties{Flags: HasClusterID, ClusterID: "c"}, "\x00\x04\x01c"},
		{"all", allSet, "\xFF\xFC\x0Atext/plain\x05utf-8\x00\x00\x00\x07\x01aI\x00\x00\x00\x01\x02\x09\x04corr\x05reply\x0560000" +
			"\x02id\x00\x00\x01\x00\x00\x00\x00\x00\x04type\x05guest\x03app\x07cluster"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(tc.p.Append(nil)); got != tc.wire {
				t.Errorf("appended %q, want %q", got, tc.wire)
			}
			got, err := ParseProperties([]byte(tc.wire))
			if err != nil || tc.name != "not named by a flag" && !reflect.DeepEqual(got, tc.p) {
				t.Errorf("parsed %+v, %v", got, err)
			}
			for cut := range len(tc.wire) {
				checkMalformed(t, tc.wire[:cut])
			}
			checkMalformed(t, tc.wire+"\x00")
		})
	}
}

func TestMalformedProperties(t *testing.T) {
	checkMalformed(t, "\x20\x00\x00\x00\x00\x03\x01aZ")
	checkMalformed(t, "\x20\x00\xFF\xFF\xFF\xFF\x01aV")
	checkMalformed(t, "\x20\x00\x00\x00\x00\x05")
}

func TestFlagsBeyondTheLastPropertyArePassedOver(t *testing.T) {
	var f Facts
	if err := CheckProperties([]byte{0x10, 0x03, 2}, &f); err != nil || f.Flags != HasDeliveryMode {
		t.Errorf("got %+v, %v", f, err)
	}
}

func TestFacts(t *testing.T) {
	b := allSet.Append(nil)
	var f Facts
	if err := CheckProperties(b, &f); err != nil {
		t.Fatal(err)
	}
	headers, n, err := ParseTable(f.Headers)
	if err != nil || n != len(f.Headers) || !headers.Equal(allSet.Headers) {
		t.Errorf("headers: got %+v, %v", headers, err)
	}
	f.Headers = nil
	want := Facts{Flags: allProperties, DeliveryMode: 2, Priority: 9,
		Expiration: []byte("60000"), ReplyTo: []byte("reply"), UserID: []byte("guest")}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("got %+v, want %+v", f, want)
	}
	if err := CheckProperties([]byte{0, 0}, &f); err != nil || !reflect.DeepEqual(f, Facts{}) {
		t.Errorf("after a message without properties: %+v, %v", f, err)
	}
	empty := Properties{Flags: HasHeaders | HasExpiration | HasUserID}
	if err := CheckProperties(empty.Append(nil), &f); err != nil || f.Headers == nil || f.Expiration == nil || f.UserID == nil {
		t.Errorf("empty properties are absent: %+v, %v", f, err)
	}
}

// TestParseExpiration has what RabbitMQ 3.10.8 answered.
func TestParseExpiration(t *testing.T) {
	for _, tc := range []struct {
		in   string
		ms   int64
		want string
	}{
		{"0", 0, ""}, {"60000", 60000, ""}, {"+5", 5, ""}, {"-0", 0, ""}, {"007", 7, ""}, {"315360000000", MaxPeriod, ""},
		{"", 0, "no_integer"}, {"abc", 0, "no_integer"}, {"-", 0, "no_integer"}, {" 5", 0, "no_integer"},
		{"10x", 0, `{leftover_string,"x"}`}, {"1.5", 0, `{leftover_string,".5"}`}, {"5 ", 0, `{leftover_string," "}`},
		{"-1x", 0, `{leftover_string,"x"}`}, {"5\x01", 0, "{leftover_string,[1]}"}, {"5é", 0, `{leftover_string,"é"}`},
		{"5\"\\\n", 0, `{leftover_string,"\"\\\n"}`},
		{"-1", 0, "{value_negative,-1}"}, {"-99999999999999999999", 0, "{value_negative,-99999999999999999999}"},
		{"315360000001", 0, "{value_too_large,315360000001}"}, {"99999999999999", 0, "{value_too_large,99999999999999}"},
		{"0099999999999999999999", 0, "{value_too_large,99999999999999999999}"},
	} {
		ms, err := ParseExpiration([]byte(tc.in))
		want := tc.want
		if want != "" {
			want = "PRECONDITION_FAILED - invalid expiration '" + tc.in + "': " + want
		}
		checkError(t, err, want)
		if ms != tc.ms {
			t.Errorf("%q: got %d ms, want %d", tc.in, ms, tc.ms)
		}
	}
}

func checkMalformed(t *testing.T, wire string) {
	t.Helper()
	var f Facts
	err := CheckProperties([]byte(wire), &f)
	var e *Error
	if !errors.As(err, &e) || e.Code != InternalError {
		t.Errorf("%q: got %v", wire, err)
	}
	if _, err := ParseProperties([]byte(wire)); err == nil {
		t.Errorf("%q: parsed", wire)
	}
}

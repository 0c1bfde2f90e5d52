package amqp

import (
	"bytes"
	"errors"
	"testing"
)

func TestParseFrame(t *testing.T) {
	for _, tc := range []struct {
		name  string
		in    string
		bound uint32
		want  Frame
		n     int
		err   string
	}{
		{name: "nothing", in: ""},
		{name: "part of the header", in: "\x01\x00\x01\x00\x00\x00"},
		{name: "part of the payload", in: "\x01\x00\x01\x00\x00\x00\x02a"},
		{name: "all but the end", in: "\x01\x00\x01\x00\x00\x00\x02ab"},
		{name: "method", in: "\x01\x00\x01\x00\x00\x00\x02ab\xCE", want: Frame{FrameMethod, 1, []byte("ab")}, n: 10},
		{name: "and more", in: "\x03\x12\x34\x00\x00\x00\x01a\xCErest", want: Frame{FrameBody, 0x1234, []byte("a")}, n: 9},
		{name: "empty body", in: "\x03\x00\x01\x00\x00\x00\x00\xCE", want: Frame{FrameBody, 1, nil}, n: 8},
		{name: "heartbeat", in: "\x08\x00\x00\x00\x00\x00\x00\xCE", want: Frame{FrameHeartbeat, 0, nil}, n: 8},
		{name: "at the bound", in: "\x02\x00\x01\x00\x00\x00\x02ab\xCE", bound: 2, want: Frame{FrameHeader, 1, []byte("ab")}, n: 10},

		{name: "above the bound", in: "\x01\x00\x01\x00\x02\x00\x01", bound: 131072,
			err: "FRAME_ERROR - type 1, all octets = <<>>: {frame_too_large,131073,131064}"},
		{name: "huge and unbounded", in: "\x01\x00\x01\xFF\xFF\xFF\xFF"},
		{name: "type 9", in: "\x09\x00\x01\x00\x00\x00\x01A\xCE",
			err: `FRAME_ERROR - type 9, all octets = <<"A">>: unknown_frame`},
		{name: "type 9, long", in: "\x09\x00\x00\x00\x00\x00\x14abcdefghijklmnopqrst\xCE",
			err: `FRAME_ERROR - type 9, first 16 octets = <<"abcdefghijklmnop">>: unknown_frame`},
		{name: "type 0", in: "\x00\x00\x00\x00\x00\x00\x00",
			err: `FRAME_ERROR - type 0, all octets = <<>>: unknown_frame`},
		{name: "heartbeat with a payload", in: "\x08\x00\x00\x00\x00\x00\x01\x01\xCE",
			err: "FRAME_ERROR - type 8, all octets = <<1>>: unknown_frame"},
		{name: "end", in: "\x01\x00\x01\x00\x00\x00\x02A\x01\x00",
			err: "FRAME_ERROR - type 1, all octets = <<65,1>>: {invalid_frame_end_marker,0}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, n, err := ParseFrame([]byte(tc.in), tc.bound)
			checkError(t, err, tc.err)
			if n != tc.n || f.Type != tc.want.Type || f.Channel != tc.want.Channel || !bytes.Equal(f.Payload, tc.want.Payload) {
				t.Errorf("got %v, length %d; want %v, length %d", f, n, tc.want, tc.n)
			}
		})
	}
}

func TestParsedPayloadCannotGrowIntoTheNextFrame(t *testing.T) {
	buf := AppendHeartbeat(AppendBody(nil, 1, []byte("body"), 0))
	f, n, err := ParseFrame(buf, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = append(f.Payload, "overwritten"...)
	if buf[n] != FrameHeartbeat {
		t.Error("appending to a payload changed the frame behind it")
	}
}

func TestAppendFrames(t *testing.T) {
	for _, tc := range []struct {
		name string
		got  []byte
		want string
	}{
		{"heartbeat", AppendHeartbeat(nil), "\x08\x00\x00\x00\x00\x00\x00\xCE"},
		{"method", AppendMethod([]byte("x"), 258, &BasicAck{DeliveryTag: 7, Multiple: true}),
			"x\x01\x01\x02\x00\x00\x00\x0D\x00\x3C\x00\x50\x00\x00\x00\x00\x00\x00\x00\x07\x01\xCE"},
		{"header", AppendHeader(nil, 1, 60, 5, []byte{0x10, 0, 2}),
			"\x02\x00\x01\x00\x00\x00\x0F\x00\x3C\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x10\x00\x02\xCE"},
		{"no body", AppendBody(nil, 1, nil, 4096), ""},
		{"body", AppendBody(nil, 1, []byte("abc"), 4096), "\x03\x00\x01\x00\x00\x00\x03abc\xCE"},
		{"body that just fits", AppendBody(nil, 1, []byte("abc"), 11), "\x03\x00\x01\x00\x00\x00\x03abc\xCE"},
		{"body in two", AppendBody(nil, 1, []byte("abc"), 10),
			"\x03\x00\x01\x00\x00\x00\x02ab\xCE\x03\x00\x01\x00\x00\x00\x01c\xCE"},
		{"body without a bound", AppendBody(nil, 1, []byte("abc"), 0), "\x03\x00\x01\x00\x00\x00\x03abc\xCE"},
	} {
		if string(tc.got) != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, tc.got, tc.want)
		}
	}
}

func TestContentHeader(t *testing.T) {
	h, err := ParseHeader([]byte("\x00\x3C\x00\x01\x00\x00\x00\x01\x00\x00\x00\x05\x10\x00\x02"))
	if err != nil || h.Class != 60 || h.Weight != 1 || h.BodySize != 1<<32|5 || string(h.Properties) != "\x10\x00\x02" {
		t.Errorf("got %+v, %v", h, err)
	}
	_, err = ParseHeader([]byte("A"))
	checkError(t, err, `FRAME_ERROR - type 2, all octets = <<"A">>: unknown_frame`)
}

// checkError wants an *Error of that text, or no error if it is empty.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("unexpected error: %v", err)
		}
		return
	}
	var e *Error
	if !errors.As(err, &e) || e.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

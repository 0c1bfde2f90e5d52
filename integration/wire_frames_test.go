package integration

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// outOfPlace are frames that break the rules of the protocol, and the close each gets.
var outOfPlace = map[string]struct {
	send []byte
	want reply
}{
	"unknown frame type":          {frame(4, 1, []byte("x")), reply{501, `FRAME_ERROR - type 4, all octets = <<"x">>: unknown_frame`, noMethod}},
	"frame type 0 on channel 0":   {frame(0, 0, []byte("x")), reply{501, `FRAME_ERROR - type 0, all octets = <<"x">>: unknown_frame`, noMethod}},
	"method frame too short":      {frame(frameMethod, 1, []byte{0, 60, 0}), reply{501, `FRAME_ERROR - type 1, all octets = <<0,60,0>>: unknown_frame`, noMethod}},
	"empty method frame":          {frame(frameMethod, 1, nil), reply{501, `FRAME_ERROR - type 1, all octets = <<>>: unknown_frame`, noMethod}},
	"heartbeat with a payload":    {frame(frameHeartbeat, 0, []byte("x")), reply{501, `FRAME_ERROR - type 8, all octets = <<"x">>: unknown_frame`, noMethod}},
	"heartbeat on a channel":      {frame(frameHeartbeat, 1, nil), reply{505, `UNEXPECTED_FRAME - type 8, all octets = <<>>`, noMethod}},
	"header on channel 0":         {headerFrame(0, 0, properties(0)), reply{505, "UNEXPECTED_FRAME - *", noMethod}},
	"body on channel 0":           {frame(frameBody, 0, []byte("x")), reply{505, `UNEXPECTED_FRAME - type 3, all octets = <<"x">>`, noMethod}},
	"wrong frame end":             {wrongEnd(), reply{501, `FRAME_ERROR - type 1, all octets = <<0,60,0,10,0,0,0,0,0,0,0>>: {invalid_frame_end_marker,0}`, noMethod}},
	"frame larger than frame_max": {tooLarge(), reply{501, `FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,131073,131064}`, noMethod}},

	"header without method":          {headerFrame(1, 5, properties(0)), expectedMethod},
	"body without method":            {frame(frameBody, 1, []byte("x")), expectedMethod},
	"body on a channel never opened": {frame(frameBody, 7, []byte("x")), expectedMethod},
	"body after an empty message":    {content(headerFrame(1, 0, properties(0)), frame(frameBody, 1, []byte("x"))), expectedMethod},
	"body instead of header":         {content(frame(frameBody, 1, []byte("x"))), expectedHeader},
	"method instead of header":       {content(methodFrame(1, basicQos, uint32(0), uint16(0), bits{})), expectedHeader},
	"header of weight 1":             {content(classHeaderFrame(1, 60, 1, 5, properties(0))), expectedHeader},
	"header of another class": {content(classHeaderFrame(1, 50, 0, 5, properties(0))),
		reply{505, "UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead", basicPublish}},
	"header too short":       {content(frame(frameHeader, 1, []byte{0, 60, 0, 0})), reply{501, `FRAME_ERROR - type 2, all octets = <<0,60,0,0>>: unknown_frame`, noMethod}},
	"second header":          {content(headerFrame(1, 5, properties(0)), headerFrame(1, 5, properties(0))), expectedBody},
	"method instead of body": {content(headerFrame(1, 5, properties(0)), methodFrame(1, basicQos, uint32(0), uint16(0), bits{})), expectedBody},
	"close instead of body": {content(headerFrame(1, 5, properties(0)),
		methodFrame(1, channelClose, uint16(200), "", uint32(0))), expectedBody},

	"no property flags":            {content(classHeaderFrame(1, 60, 0, 0, nil)), internalError},
	"properties cut short":         {content(headerFrame(1, 0, properties(fieldContentType, raw("\xffabc")))), internalError},
	"bytes after the properties":   {content(headerFrame(1, 0, properties(0, raw("abc")))), internalError},
	"headers of unknown type":      {content(headerFrame(1, 0, properties(fieldHeaders, table{{"x", 'Z', nil}}))), internalError},
	"headers shorter than said":    {content(headerFrame(1, 0, properties(fieldHeaders, raw("\x00\x00\x00\xff\x01xt\x01")))), internalError},
	"headers with a huge length":   {content(headerFrame(1, 0, properties(fieldHeaders, raw("\xff\xff\xff\xff")))), internalError},
	"continued property flags":     {content(headerFrame(1, 0, properties(fieldMoreFlags, uint16(0)))), internalError},
	"property flag without a name": {content(headerFrame(1, 0, properties(2, uint16(0)))), internalError},

	"name that is not UTF-8": {methodFrame(1, queueDeclare, uint16(0), "\xff\xfe", passive, table{}),
		reply{501, "FRAME_ERROR - Malformed UTF-8 in shortstr", noMethod}},
	"arguments cut short":       {frame(frameMethod, 1, []byte{0, 50, 0, 10, 0, 0, 9, 'x'}), reply{501, `FRAME_ERROR - cannot decode <<0,0,9,120>>`, queueDeclare}},
	"bytes after the arguments": {methodFrame(1, basicQos, uint32(0), uint16(0), bits{}, raw("garbage")), reply{501, `FRAME_ERROR - cannot decode <<0,0,0,0,0,0,0,103,97,114,98,97,103,101>>`, basicQos}},
	"table longer than its frame": {methodFrame(1, queueDeclare, uint16(0), "", bits{}, raw("\x00\x00\x00\xff\x01xt\x01")),
		reply{501, "FRAME_ERROR - cannot decode <<*", queueDeclare}},
}

var (
	expectedMethod = reply{505, "UNEXPECTED_FRAME - expected method frame, got non method frame instead", noMethod}
	expectedHeader = reply{505, "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead", basicPublish}
	expectedBody   = reply{505, "UNEXPECTED_FRAME - expected content body, got non content body frame instead", basicPublish}
	internalError  = reply{541, "INTERNAL_ERROR", noMethod}
)

// content is a publish followed by these frames.
func content(frames ...[]byte) []byte {
	return append(publishFrame(1, "", "nowhere"), bytes.Join(frames, nil)...)
}

func wrongEnd() []byte {
	f := methodFrame(1, basicQos, uint32(0), uint16(0), bits{})
	f[len(f)-1] = 0
	return f
}

// tooLarge is the head of a frame with more payload than even a careless client may send.
func tooLarge() []byte {
	return binary.BigEndian.AppendUint32([]byte{frameBody, 0, 1}, defaultFrameMax+1)
}

func TestFrameErrors(t *testing.T) {
	t.Parallel()
	url := brokerURL(t)
	bystander := dialPeer(t, url).open()
	peers := map[string]*peer{}
	for name, tt := range outOfPlace {
		peers[name] = dialPeer(t, url).open()
		peers[name].send(tt.send)
	}
	for name, p := range peers {
		t.Run(name, func(t *testing.T) {
			p.t = t
			p.expectReply(0, outOfPlace[name].want)
		})
	}
	bystander.alive()
}

func TestBodyLongerThanDeclared(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	if p.legacy() {
		t.Skip("RabbitMQ before 4.0 does not notice until the next frame")
	}
	p.send(content(headerFrame(1, 3, properties(0)), frame(frameBody, 1, []byte("abcdef"))))
	p.expectClose(0, 501, "FRAME_ERROR - content body frame exceeds remaining content size", basicPublish)
}

// A method or a field type that does not exist ends the connection: RabbitMQ hangs up, a close is kinder.
func TestUnknownMethod(t *testing.T) {
	t.Parallel()
	url := brokerURL(t)
	for name, send := range map[string][]byte{
		"method":                frame(frameMethod, 1, []byte{0, 60, 0, 99}),
		"class":                 frame(frameMethod, 1, []byte{0, 77, 0, 10}),
		"method on channel 0":   frame(frameMethod, 0, []byte{0, 10, 0, 99}),
		"class of the old days": frame(frameMethod, 1, []byte{0, 70, 0, 10}),
		"field type":            methodFrame(1, queueDeclare, uint16(0), "", bits{false, false, true}, table{{"x", 'Z', nil}}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := dialPeer(t, url).open()
			p.send(send)
			f, err := p.read()
			if err == nil && f.method() != connectionClose {
				t.Fatalf("got %v, want the end of the connection", f)
			}
			_ = p.write(methodFrame(0, connectionCloseOk))
			p.expectEnd()
		})
	}
}

// What looks odd but is allowed.
func TestTolerated(t *testing.T) {
	t.Parallel()
	for name, send := range map[string][]byte{
		"empty body frames": content(headerFrame(1, 3, properties(0)), frame(frameBody, 1, nil), frame(frameBody, 1, []byte("abc"))),
		"payload of frame_max bytes": content(headerFrame(1, defaultFrameMax, properties(0)),
			frame(frameBody, 1, make([]byte, defaultFrameMax))),
		"unused bits":               methodFrame(1, basicCancel, "none", raw{0xFF}),
		"boolean other than 0 or 1": content(headerFrame(1, 0, properties(fieldHeaders, table{{"x", 't', []byte{2}}}))),
		"header key twice":          content(headerFrame(1, 0, properties(fieldHeaders, table{i32("x", 1), i32("x", 2)}))),
		"heartbeat":                 frame(frameHeartbeat, 0, nil),
		"body in single bytes": content(headerFrame(1, 2, properties(0)),
			frame(frameBody, 1, []byte("a")), frame(frameBody, 1, []byte("b"))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := openPeer(t)
			p.send(send)
			p.alive()
		})
	}
}

// Contents of several channels may alternate frame by frame.
func TestInterleavedContents(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	const channels = 5
	for n := uint16(2); n <= channels; n++ {
		p.openChannel(n)
	}
	var frames []byte
	for step := range 5 {
		for n := uint16(1); n <= channels; n++ {
			switch step {
			case 0:
				frames = append(frames, publishFrame(n, "", q)...)
			case 1:
				frames = append(frames, headerFrame(n, 6, properties(0))...)
			default:
				frames = append(frames, frame(frameBody, n, []byte{byte('0' + n), byte('a' + step)})...)
			}
		}
	}
	p.send(frames)
	got := map[string]bool{}
	p.call(basicConsume, basicConsumeOk, uint16(0), q, "c", bits{false, true, false, false}, table{})
	for range channels {
		p.expect(1, basicDeliver)
		_, body := p.content(1)
		got[body] = true
	}
	for _, want := range []string{"1c1d1e", "2c2d2e", "3c3d3e", "4c4d4e", "5c5d5e"} {
		if !got[want] {
			t.Errorf("message %s is missing: %v", want, got)
		}
	}
}

// The broker's own frames keep to the frame_max that was agreed, and an empty body has no frame at all.
func TestFramesSent(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.login(clientCapabilities)
	const frameMax = 4096
	p.send(methodFrame(0, connectionTuneOk, uint16(10), uint32(frameMax), uint16(0)))
	p.openVhost("/")
	p.openChannel(1)
	q := p.queue()
	for _, size := range []int{0, 1, frameMax - 8, frameMax - 7, 3 * (frameMax - 8), 20000} {
		p.send(publishFrame(1, "", q), headerFrame(1, uint64(size), properties(0)))
		for rest := size; rest > 0; rest -= min(rest, frameMax-8) {
			p.send(frame(frameBody, 1, make([]byte, min(rest, frameMax-8))))
		}
		p.call(basicGet, basicGetOk, uint16(0), q, bits{true})
		if f := p.next(); f.kind != frameHeader {
			t.Fatalf("got %v, want a header", f)
		}
		for rest := size; rest > 0; {
			f := p.next()
			if f.kind != frameBody || len(f.payload) == 0 || len(f.payload) > frameMax-8 {
				t.Fatalf("got %v, want a body of at most %d bytes", f, frameMax-8)
			}
			rest -= len(f.payload)
		}
		p.alive()
	}
}

// The client's frames keep to the agreed frame_max too; only the eight octets around a payload are not counted.
func TestAgreedFrameMax(t *testing.T) {
	t.Parallel()
	const frameMax = 8192
	for extra := range 2 {
		p := newPeer(t)
		p.login(clientCapabilities)
		p.send(methodFrame(0, connectionTuneOk, uint16(10), uint32(frameMax), uint16(0)))
		p.openVhost("/")
		p.openChannel(1)
		p.send(content(headerFrame(1, frameMax+1, properties(0)), frame(frameBody, 1, make([]byte, frameMax+extra))))
		if extra > 0 {
			p.expectClose(0, 501, "FRAME_ERROR - *", noMethod)
			continue
		}
		p.send(frame(frameBody, 1, make([]byte, 1)))
		p.alive()
	}
}

// conversation is a whole one as a client may write it without waiting for a single answer.
func conversation(queue string) []byte {
	return bytes.Join([][]byte{
		[]byte(protocolHeader091),
		methodFrame(0, connectionStartOk, clientCapabilities, "PLAIN", long("\x00guest\x00guest"), "en_US"),
		methodFrame(0, connectionTuneOk, uint16(10), uint32(defaultFrameMax), uint16(0)),
		methodFrame(0, connectionOpen, "/", "", bits{}),
		methodFrame(1, channelOpen, ""),
		methodFrame(1, queueDeclare, uint16(0), queue, exclusive, table{}),
		message(1, "", queue, "hello"),
		methodFrame(1, basicGet, uint16(0), queue, bits{true}),
	}, nil)
}

func (p *peer) expectConversation() {
	p.t.Helper()
	p.expect(0, connectionStart)
	p.expect(0, connectionTune)
	p.expect(0, connectionOpenOk)
	p.expect(1, channelOpenOk)
	p.expect(1, queueDeclareOk)
	p.expect(1, basicGetOk)
	if _, body := p.content(1); body != "hello" {
		p.t.Errorf("got %q", body)
	}
}

// It does not matter how the bytes are cut into packets: all at once, or one by one.
func TestPackets(t *testing.T) {
	t.Parallel()
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		p.send(conversation(unique(t)))
		p.expectConversation()
	})
	t.Run("octets", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		for _, octet := range conversation(unique(t)) {
			p.send([]byte{octet})
		}
		p.expectConversation()
	})
}

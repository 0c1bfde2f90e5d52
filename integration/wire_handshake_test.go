package integration

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

var clientCapabilities = table{nested("capabilities", boolean("authentication_failure_close", true))}

func TestProtocolHeader(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{"0-9-1": protocolHeader091, "0-9": protocolHeader09Old} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t)
			p.send([]byte(header))
			args := p.expect(0, connectionStart)
			if major, minor := args.octet(), args.octet(); major != 0 || minor != 9 {
				t.Errorf("start offers version %d-%d, want 0-9", major, minor)
			}
		})
	}
	for name, header := range map[string]string{
		"newer revision": "AMQP\x00\x00\x09\x02",
		"AMQP 0-10":      "AMQP\x01\x01\x00\x0a",
		"HTTP":           "GET / HTTP/1.1\r\n\r\n",
		"TLS":            "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"junk":           "\x00\x00\x00\x00\x00\x00\x00\x00",
	} {
		t.Run("refused "+name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t)
			p.send([]byte(header))
			_ = p.conn.SetReadDeadline(time.Now().Add(patience))
			answer := make([]byte, 8)
			if _, err := io.ReadFull(p.r, answer); err != nil {
				t.Fatal(err)
			}
			if string(answer) != protocolHeader091 {
				t.Errorf("answered %q, want %q", answer, protocolHeader091)
			}
			p.expectEnd()
		})
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.send([]byte(protocolHeader091))
	args := p.expect(0, connectionStart)
	args.take(2)
	props := arguments{b: args.take(int(args.uint32()))}
	mechanisms, locales := args.long(), args.long()
	if locales != "en_US" {
		t.Errorf("locales %q, want en_US", locales)
	}
	for _, m := range []string{"PLAIN", "AMQPLAIN"} {
		if !strings.Contains(" "+mechanisms+" ", " "+m+" ") {
			t.Errorf("mechanisms %q, want %s among them", mechanisms, m)
		}
	}
	if args.short || len(args.b) != 0 {
		t.Errorf("start has bytes too few or too many: %q", args.b)
	}

	got := map[string]string{}
	var keys []string
	for len(props.b) > 0 {
		key, tag := props.str(), props.octet()
		keys = append(keys, key)
		switch {
		case key == "capabilities" && tag == 'F':
			caps := arguments{b: props.take(int(props.uint32()))}
			for len(caps.b) > 0 {
				name := caps.str()
				got["capability "+name] = fmt.Sprintf("%c%d", caps.octet(), caps.octet())
			}
		case tag == 'S':
			got[key] = props.long()
		default:
			t.Fatalf("server property %s has type %c", key, tag)
		}
	}
	const want = "capabilities cluster_name copyright information platform product version"
	if strings.Join(keys, " ") != want {
		t.Errorf("server properties %v, want %v in this order", keys, want)
	}
	if got["product"] != "RabbitMQ" {
		t.Errorf("product %q, want RabbitMQ", got["product"])
	}
	var major, minor, patch int
	if n, _ := fmt.Sscanf(got["version"], "%d.%d.%d", &major, &minor, &patch); n != 3 {
		t.Errorf("version %q, want three numbers with dots", got["version"])
	}
	for _, c := range []string{
		"publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify", "connection.blocked",
		"consumer_priorities", "authentication_failure_close", "per_consumer_qos", "direct_reply_to",
	} {
		if got["capability "+c] != "t1" {
			t.Errorf("capability %s is %q, want true", c, got["capability "+c])
		}
	}
}

// A health check connects and goes away; nobody may be hurt by that.
func TestConnectAndLeave(t *testing.T) {
	t.Parallel()
	url := brokerURL(t)
	for _, sent := range []string{"", "AMQP", protocolHeader091, protocolHeader091 + "\x01\x00"} {
		p := dialPeer(t, url)
		p.send([]byte(sent))
		if err := p.conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	dialPeer(t, url).open().alive()
}

func TestTune(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.login(table{})
	if want := (tuning{2047, defaultFrameMax, 60}); p.tune != want {
		t.Errorf("tune proposes %+v, want %+v", p.tune, want)
	}
}

func TestTuneOk(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer  tuning
		refused string
	}{
		"as proposed":        {tuning{2047, 131072, 60}, ""},
		"smallest":           {tuning{1, 4096, 0}, ""},
		"heartbeat higher":   {tuning{10, 8192, 65535}, ""},
		"frame too small":    {tuning{2047, 4095, 60}, "frame_max = 4095 is lower than the minimum allowed value (4096)"},
		"frame too large":    {tuning{2047, 131073, 60}, "frame_max = 131073 is higher than the maximum allowed value (131072)"},
		"frame unlimited":    {tuning{2047, 0, 60}, "frame_max = 0 (no limit) is higher than the maximum allowed value (131072)"},
		"channels too many":  {tuning{2048, 131072, 60}, "channel_max = 2048 is higher than the maximum allowed value (2047)"},
		"channels unlimited": {tuning{0, 131072, 60}, "channel_max = 0 (no limit) is higher than the maximum allowed value (2047)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t)
			p.login(clientCapabilities)
			p.send(methodFrame(0, connectionTuneOk, tt.answer.channelMax, tt.answer.frameMax, tt.answer.heartbeat))
			if tt.refused != "" && p.legacy() {
				p.expectEnd() // before 4.0 without a word
				return
			}
			if tt.refused != "" {
				p.expectClose(0, 530, "NOT_ALLOWED - negotiated "+tt.refused, connectionTune)
				return
			}
			p.openVhost("/")
			p.openChannel(1)
		})
	}
}

func TestOpenUnknownVhost(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.login(clientCapabilities)
	p.send(methodFrame(0, connectionTuneOk, p.tune.channelMax, p.tune.frameMax, uint16(0)))
	p.send(methodFrame(0, connectionOpen, "no such vhost", "", bits{false}))
	p.expectClose(0, 530, "NOT_ALLOWED - vhost no such vhost not found", connectionOpen)
}

// Before the connection is open the broker answers nonsense with a close or silence, never with service.
func TestHandshakeOutOfOrder(t *testing.T) {
	t.Parallel()
	url := brokerURL(t)
	startOk := methodFrame(0, connectionStartOk, table{}, "PLAIN", long("\x00guest\x00guest"), "en_US")
	peers := map[string]*peer{}
	for name, frames := range map[string][]byte{
		"open first":               methodFrame(0, connectionOpen, "/", "", bits{false}),
		"tune-ok first":            methodFrame(0, connectionTuneOk, uint16(0), uint32(0), uint16(0)),
		"channel.open first":       methodFrame(1, channelOpen, ""),
		"start-ok on a channel":    methodFrame(1, connectionStartOk, table{}, "PLAIN", long("\x00guest\x00guest"), "en_US"),
		"content first":            frame(frameBody, 1, []byte("hello")),
		"unknown method":           frame(frameMethod, 0, []byte{0, 10, 0, 99}),
		"unknown frame type":       frame(9, 0, nil),
		"truncated start-ok":       frame(frameMethod, 0, []byte{0, 10, 0, 11, 0, 0, 0, 9}),
		"frame beyond any measure": {frameMethod, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF},
		"start-ok twice":           append(startOk, startOk...),
	} {
		p := dialPeer(t, url)
		p.start()
		p.send(frames)
		peers[name] = p
	}
	for name, p := range peers {
		t.Run(name, func(t *testing.T) {
			for {
				f, err := p.read()
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatal("the broker did not hang up")
				}
				if err != nil {
					return
				}
				if id := f.method(); id != connectionClose && id != connectionTune {
					t.Fatalf("got %v, want a close or silence", f)
				}
			}
		})
	}
}

package integration

import (
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/auth"
)

func TestAuthentication(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mechanism string
		response  string
	}{
		"PLAIN":                   {"PLAIN", "\x00guest\x00guest"},
		"AMQPLAIN":                {"AMQPLAIN", string(table{str("LOGIN", "guest"), str("PASSWORD", "guest")}.fields())},
		"AMQPLAIN, other order":   {"AMQPLAIN", string(table{str("PASSWORD", "guest"), str("LOGIN", "guest")}.fields())},
		"AMQPLAIN, more than two": {"AMQPLAIN", string(table{str("LOGIN", "guest"), i32("X", 1), str("PASSWORD", "guest")}.fields())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t)
			p.start()
			p.send(methodFrame(0, connectionStartOk, table{}, tt.mechanism, long(tt.response), "en_US"))
			p.expect(0, connectionTune)
		})
	}
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	const refused = "ACCESS_REFUSED - Login was refused using authentication mechanism "
	const details = ". For details see the broker logfile."
	for name, tt := range map[string]struct {
		mechanism string
		response  string
	}{
		"wrong password":          {"PLAIN", "\x00guest\x00wrong"},
		"empty password":          {"PLAIN", "\x00guest\x00"},
		"unknown user":            {"PLAIN", "\x00no such user\x00guest"},
		"AMQPLAIN wrong password": {"AMQPLAIN", string(table{str("LOGIN", "guest"), str("PASSWORD", "wrong")}.fields())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t)
			p.start()
			p.send(methodFrame(0, connectionStartOk, clientCapabilities, tt.mechanism, long(tt.response), "en_US"))
			p.expectClose(0, 403, refused+tt.mechanism+details, noMethod)
		})
	}
}

// An old client, which has not said that it understands a close at this point, just loses the connection; so does one
// whose login cannot even be tried.
func TestLoginRefusedInSilence(t *testing.T) {
	t.Parallel()
	url := brokerURL(t)
	peers := map[string]*peer{}
	for name, tt := range map[string]struct {
		client    table
		mechanism string
		response  string
	}{
		"wrong password":        {table{}, "PLAIN", "\x00guest\x00wrong"},
		"unknown user":          {table{}, "PLAIN", "\x00no such user\x00guest"},
		"AMQPLAIN":              {table{}, "AMQPLAIN", string(table{str("LOGIN", "guest"), str("PASSWORD", "wrong")}.fields())},
		"unknown mechanism":     {clientCapabilities, "BOGUS", "\x00guest\x00guest"},
		"no mechanism":          {clientCapabilities, "", ""},
		"mechanism not offered": {clientCapabilities, "EXTERNAL", ""},
		"PLAIN without NUL":     {clientCapabilities, "PLAIN", "guest"},
		"PLAIN without user":    {clientCapabilities, "PLAIN", ""},
		"AMQPLAIN not a table":  {clientCapabilities, "AMQPLAIN", "\x00guest\x00guest"},
		"AMQPLAIN no password":  {clientCapabilities, "AMQPLAIN", string(table{str("LOGIN", "guest")}.fields())},
	} {
		p := dialPeer(t, url)
		p.start()
		p.send(methodFrame(0, connectionStartOk, tt.client, tt.mechanism, long(tt.response), "en_US"))
		peers[name] = p
	}
	for name, p := range peers {
		t.Run(name, func(t *testing.T) {
			p.t = t
			p.expectEnd()
		})
	}
}

// What a client says about itself may be long, and an unknown locale is no reason to refuse it.
func TestLongStartOk(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.start()
	size := 7000
	if p.legacy() {
		size = 3000 // the first frames were limited to 4096 then
	}
	p.send(methodFrame(0, connectionStartOk, table{str("information", strings.Repeat("x", size)), nested("capabilities"), void("v")},
		"PLAIN", long("\x00guest\x00guest"), "xx_YY"))
	p.expect(0, connectionTune)
}

// Whoever logs in with ANONYMOUS, if that is offered, is the user of the configuration, with that user's permissions.
func TestAnonymousLogin(t *testing.T) {
	t.Parallel()
	h := host(t, func(c *broker.Config) {
		c.Mechanisms, c.AnonymousUser = []string{"PLAIN", "ANONYMOUS"}, "nobody"
	})
	h.user("nobody", auth.Permission{Read: ".*"})
	p := dialPeer(t, h.URL)
	p.send([]byte(protocolHeader091))
	if args := p.expect(0, connectionStart); !strings.Contains(string(args.b), "\x00\x00\x00\x0fPLAIN ANONYMOUS") {
		t.Errorf("offers %q", args.b)
	}
	p.send(methodFrame(0, connectionStartOk, clientCapabilities, "ANONYMOUS", long("trace"), "en_US"))
	args := p.expect(0, connectionTune)
	p.send(methodFrame(0, connectionTuneOk, args.uint16(), args.uint32(), uint16(0)))
	p.openVhost("v")
	p.openChannel(1)
	p.send(methodFrame(1, queueDeclare, uint16(0), "q", bits{false, false, false, false, false}, table{}))
	p.expectClose(1, 403, "ACCESS_REFUSED - configure access to queue 'q' in vhost 'v' refused for user 'nobody'", queueDeclare)

	other := dialPeer(t, h.URL)
	other.start()
	other.send(methodFrame(0, connectionStartOk, clientCapabilities, "EXTERNAL", long(""), "en_US"))
	other.expectEnd()
}

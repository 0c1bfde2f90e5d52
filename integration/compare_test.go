package integration

import (
	"encoding/binary"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCompare holds the same conversations with the broker under test and with a second one, which AMQP_COMPARE_URL names, and
// compares, frame by frame, what the two answer:
//
//	AMQP_COMPARE_URL=amqp://guest:guest@localhost:5673/ go test -run TestCompare ./integration
//
// What the two are known to differ in is left out of the scripts; the README lists it.
func TestCompare(t *testing.T) {
	t.Parallel()
	other := os.Getenv("AMQP_COMPARE_URL")
	if other == "" {
		t.Skip("AMQP_COMPARE_URL names no second broker to compare with")
	}
	for _, group := range []map[string]script{
		topologyScripts(), argumentScripts(), messageScripts(), lifetimeScripts(), lengthScripts(), deadLetterScripts(), consumerScripts(), confirmScripts(),
	} {
		for name, s := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				got, want := converse(t, brokerURL(t), s), converse(t, other, s)
				for i := range max(len(got), len(want)) {
					g, w := lineAt(got, i), lineAt(want, i)
					if g != w {
						t.Errorf("line %d\n got %s\nwant %s\nafter\n%s", i, g, w, strings.Join(got[max(0, i-6):min(i, len(got))], "\n"))
						return
					}
				}
			})
		}
	}
}

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "nothing"
}

// script is what a client does on channel 1 of a connection.
type script func(c *talk)

// talk is a peer that notes what it is told: the answer to each step, and apart from it the deliveries, returns, confirms and
// cancels, which come when they like.
type talk struct {
	*peer
	url    string
	steps  []string
	events []string
	noted  int // events that the script has waited for
}

// converse runs a script and returns what the broker said.
func converse(t *testing.T, url string, s script) []string {
	c := &talk{peer: dialPeer(t, url).open(), url: url}
	s(c)
	return append(append(c.steps, "events:"), c.events...)
}

// do sends a method and notes the answer. A channel that is closed is opened again, and so is a connection.
func (c *talk) do(id methodID, args ...any) {
	c.t.Helper()
	c.steps = append(c.steps, fmt.Sprintf("%v %v:", id, args))
	switch id {
	case basicAck, basicNack, basicReject:
		c.transmit(channelFlowOk, methodFrame(1, id, args...), question)
	case exchangeUnbind:
		c.transmit(exchangeUnbindOk, methodFrame(1, id, args...))
	default:
		c.transmit(id+1, methodFrame(1, id, args...))
	}
}

// publish sends a message and notes what is wrong with it.
func (c *talk) publish(exchange, key, body string, props []byte, flags ...bool) {
	c.t.Helper()
	c.steps = append(c.steps, fmt.Sprintf("publish %q %q %q:", exchange, key, body))
	c.transmit(channelFlowOk,
		publishFrame(1, exchange, key, flags...), headerFrame(1, uint64(len(body)), props), frame(frameBody, 1, []byte(body)), question)
}

// question is what any channel answers, with channelFlowOk: for methods that have no answer if all is well.
var question = methodFrame(1, channelFlow, bits{true})

// transmit sends frames and reads until the answer to the last comes, or the broker closes the channel or the connection.
func (c *talk) transmit(answer methodID, frames ...[]byte) {
	c.t.Helper()
	c.send(frames...)
	for {
		f := c.next()
		if f.method() != channelFlowOk {
			c.note(f)
		}
		switch f.method() {
		case channelClose:
			c.send(methodFrame(1, channelCloseOk))
			c.openChannel(1)
			return
		case connectionClose:
			_ = c.write(methodFrame(0, connectionCloseOk))
			c.peer = dialPeer(c.t, c.url).open()
			return
		case answer:
			return
		case basicGetEmpty:
			return
		}
	}
}

// await reads until n more events have come than the script has waited for.
func (c *talk) await(n int) {
	c.t.Helper()
	c.noted += n
	for len(c.events) < c.noted {
		c.note(c.next())
	}
}

// note takes down a frame, with its content if it has some.
func (c *talk) note(f received) {
	c.t.Helper()
	switch f.method() {
	case basicDeliver, basicReturn, basicAck, basicNack, basicCancel:
		c.events = append(c.events, c.describe(f))
	default:
		c.steps = append(c.steps, "  "+c.describe(f))
	}
}

func (c *talk) describe(f received) string {
	text := f.String()
	switch f.method() {
	case basicAck, basicNack:
		// One may say at once what the other says one by one.
		text = fmt.Sprintf("%v of %d", f.method(), binary.BigEndian.Uint64(f.payload[4:]))
	case basicDeliver, basicReturn, basicGetOk:
		header, body := c.content(1)
		text += fmt.Sprintf(" %s %q", showProperties(header), body)
	}
	return mask(text)
}

var (
	// generated are names that a broker makes.
	generated = regexp.MustCompile(`amq\.(gen|ctag)-[A-Za-z0-9_-]{22}|amq\.rabbitmq\.reply-to\.[A-Za-z0-9_.=+/-]+`)
	// replyLength is the length before a reply-to that was made up.
	replyLength = regexp.MustCompile(`(\\x[0-9a-f]{2}|\\[a-z"\\]|[^\\])amq\.made-up`)
)

// mask hides what no two brokers, and no two runs, have in common.
func mask(text string) string {
	text = generated.ReplaceAllString(text, "amq.made-up")
	return replyLength.ReplaceAllString(text, "amq.made-up")
}

// Steps that most scripts take.

func (c *talk) declareQueue(name string, args ...field) {
	c.t.Helper()
	c.do(queueDeclare, uint16(0), name, bits{false, false, true, false, false}, table(args))
}

// declareDurable declares a queue that is kept, and deleted at the end of the script by drop.
func (c *talk) declareDurable(name string, args ...field) {
	c.t.Helper()
	c.do(queueDeclare, uint16(0), name, bits{false, true, false, false, false}, table(args))
}

func (c *talk) drop(queue string) {
	c.t.Helper()
	c.do(queueDelete, uint16(0), queue, bits{false, false, false})
}

func (c *talk) declareExchange(name, kind string, args ...field) {
	c.t.Helper()
	// auto-delete: it goes with its last binding.
	c.do(exchangeDeclare, uint16(0), name, kind, bits{false, false, true, false, false}, table(args))
}

func (c *talk) bind(queue, exchange, key string, args ...field) {
	c.t.Helper()
	c.do(queueBind, uint16(0), queue, exchange, key, bits{false}, table(args))
}

func (c *talk) get(queue string) {
	c.t.Helper()
	c.do(basicGet, uint16(0), queue, bits{true})
}

// fetch is get with a delivery that is to be settled.
func (c *talk) fetch(queue string) {
	c.t.Helper()
	c.do(basicGet, uint16(0), queue, bits{false})
}

// fetchWhen fetches again and again until the queue has a message: for what comes by itself.
func (c *talk) fetchWhen(queue string) {
	c.t.Helper()
	c.awaitCount(queue, "any", func(n uint32) bool { return n > 0 })
	c.fetch(queue)
}

// awaitReady asks until a queue has n ready messages.
func (c *talk) awaitReady(queue string, n uint32) {
	c.t.Helper()
	c.awaitCount(queue, fmt.Sprint(n), func(ready uint32) bool { return ready == n })
}

func (c *talk) awaitCount(queue, want string, enough func(ready uint32) bool) {
	c.t.Helper()
	end := time.Now().Add(patience)
	for n := c.ready(queue); !enough(n); n = c.ready(queue) {
		if time.Now().After(end) {
			c.t.Fatalf("queue %s has %d ready messages, not %s", queue, n, want)
		}
	}
}

func (c *talk) consume(queue, tag string, args ...field) {
	c.t.Helper()
	c.do(basicConsume, uint16(0), queue, tag, bits{false, false, false, false}, table(args))
}

func (c *talk) ack(tag uint64)                  { c.t.Helper(); c.do(basicAck, tag, bits{false}) }
func (c *talk) reject(tag uint64, requeue bool) { c.t.Helper(); c.do(basicReject, tag, bits{requeue}) }

// array is a field with an array of long strings.
func array(key string, values ...string) field {
	var b []byte
	for _, v := range values {
		b = appendArg(append(b, 'S'), long(v))
	}
	return field{key, 'A', append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)}
}

// scratchNames makes names that no other test uses.
func scratchNames(prefix string, n int) []string {
	return slices.Collect(func(yield func(string) bool) {
		for i := range n {
			if !yield(fmt.Sprintf("compare.%s.%d", prefix, i)) {
				return
			}
		}
	})
}

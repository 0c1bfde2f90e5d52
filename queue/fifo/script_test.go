package fifo

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// TestScripts runs the scripts in testdata. A step is commands, a line of
// dashes, and what they are expected to print; an empty line ends it. Ready
// messages are dispatched, and dead ones taken out, after every command. "a^2" is
// message a of priority 2, "a/50" one that expires at 50.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(text) {
				t.Errorf("%s: got\n%s\nwant\n%s", file, got, text)
			}
		})
	}
}

func runScript(t *testing.T, text string) string {
	p := &player{consumers: map[string]*Consumer{}, gates: map[string]*gate{}, holds: map[string]*Hold{}, seqs: map[string]uint64{}}
	var out strings.Builder
	for step := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		commands, _, _ := strings.Cut(step, "----")
		out.WriteString(commands)
		out.WriteString("----\n")
		for line := range strings.Lines(commands) {
			line = strings.TrimSpace(line)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			out.WriteString(p.play(strings.Fields(line)))
			if err := p.m.Check(); err != nil {
				t.Fatalf("after %q: %v", line, err)
			}
		}
		out.WriteString("\n")
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

// player runs the commands of one script.
type player struct {
	m         Machine
	next      uint64
	names     []string // of the messages, by Seq
	seqs      map[string]uint64
	slots     []Slot // by Seq
	consumers map[string]*Consumer
	gates     map[string]*gate
	holds     map[string]*Hold
	now       int64
	out       strings.Builder
}

// gate lets limit messages through.
type gate struct {
	limit   int
	refused []*Consumer
}

func (g *gate) Take(c *Consumer) bool {
	if g.limit == 0 {
		g.refused = append(g.refused, c)
		return false
	}
	g.limit--
	return true
}

func (p *player) play(words []string) string {
	p.out.Reset()
	args := words[1:]
	switch words[0] {
	case "publish":
		for _, name := range args {
			p.publish(name, nil)
		}
	case "publish-held":
		if p.holds[args[0]] == nil {
			p.holds[args[0]] = &Hold{}
		}
		for _, name := range args[1:] {
			p.publish(name, p.holds[args[0]])
		}
	case "release":
		p.m.Release(p.holds[args[0]])
	case "consume":
		p.consume(args[0], args[1:])
	case "cancel":
		if !p.m.Cancel(p.consumers[args[0]]) {
			p.say("no such consumer")
		}
	case "ack":
		for _, name := range args {
			seq := p.seqs[name]
			if !p.m.Settle(p.slots[seq], seq, new(Item)) {
				p.say("not unacked: %s", name)
			}
		}
	case "return", "fail":
		for _, name := range args {
			seq := p.seqs[name]
			if !p.m.Return(p.slots[seq], seq, words[0] == "fail") {
				p.say("not unacked: %s", name)
			}
		}
	case "reject":
		for _, name := range args {
			seq := p.seqs[name]
			if !p.m.Reject(p.slots[seq], seq) {
				p.say("not unacked: %s", name)
			}
		}
	case "rules":
		p.rule(args)
	case "time":
		p.now, _ = strconv.ParseInt(args[0], 10, 64)
		p.m.At(p.now)
	case "get":
		p.get(args)
	case "detach":
		p.say("%d consumers went", p.m.Detach(args[0]))
	case "purge":
		n := p.m.Purge(func(*Item) {}, func(uint8, uint64) {})
		p.say("purged %d", n)
	case "single":
		p.m.Single(len(args) > 0)
	case "pause":
		p.m.Pause(p.consumers[args[0]])
	case "resume":
		p.m.Resume(p.consumers[args[0]])
	case "open":
		p.openGate(args[0], args[1])
	case "state":
		p.say("ready=%d unacked=%d consumers=%d", p.m.Ready(), p.m.Unacked(), p.m.Consumers())
		if n := p.m.Delayed(); n > 0 {
			p.say("delayed=%d due=%d", n, p.m.Due())
		}
	default:
		p.say("unknown command %s", words[0])
	}
	p.dispatch()
	for p.reap() {
		p.dispatch()
	}
	return p.out.String()
}

func (p *player) say(format string, args ...any) { fmt.Fprintf(&p.out, format+"\n", args...) }

func (p *player) publish(name string, h *Hold) {
	p.next++
	for len(p.names) <= int(p.next) {
		p.names, p.slots = append(p.names, ""), append(p.slots, 0)
	}
	// What is behind a slash is when the message expires, behind a caret its
	// priority.
	name, end, _ := strings.Cut(name, "/")
	name, priority, _ := strings.Cut(name, "^")
	lane, _ := strconv.Atoi(priority)
	p.names[p.next], p.seqs[name] = name, p.next
	i := Item{Seq: p.next, Hold: h, Lane: uint8(lane)}
	if i.Expires, _ = strconv.ParseInt(end, 10, 64); i.Expires != 0 {
		p.m.Mortal()
	}
	p.m.Publish(i)
}

func (p *player) consume(name string, options []string) {
	c := &Consumer{Holder: name, Label: name}
	for _, o := range options {
		key, value, _ := strings.Cut(o, "=")
		n, _ := strconv.Atoi(value)
		switch key {
		case "prefetch":
			c.Prefetch = n
		case "priority":
			c.Priority = int64(n)
		case "noack":
			c.NoAck = true
		case "exclusive":
			c.Exclusive = true
		case "holder":
			c.Holder = value
		case "gate":
			if p.gates[value] == nil {
				p.gates[value] = &gate{}
			}
			c.Gate = p.gates[value]
		}
	}
	if err := p.m.Consume(c); err != nil {
		p.say("%v", err)
		return
	}
	p.consumers[name] = c
}

func (p *player) openGate(name, n string) {
	g := p.gates[name]
	g.limit, _ = strconv.Atoi(n)
	refused := g.refused
	g.refused = nil
	for _, c := range refused {
		p.m.Resume(c)
	}
}

func (p *player) get(options []string) {
	noAck := len(options) > 1
	d, ok := p.m.Get(options[0], noAck)
	if !ok {
		p.say("empty")
		return
	}
	p.handOut("get", options[0], &d)
}

func (p *player) handOut(how, to string, d *Delivery) {
	if d.Redelivered() {
		how = "re" + how
	}
	p.slots[d.Seq] = d.Slot
	p.say("%s %s %s", how, to, p.names[d.Seq])
}

func (p *player) dispatch() {
	for more := true; more; {
		var out []Delivery
		out, more = p.m.Dispatch(nil, 2)
		for i := range out {
			p.handOut("deliver", out[i].Consumer.Label.(string), &out[i])
		}
	}
}

// rule sets rules: length, limit, in-turn, retry=type/min/max.
func (p *player) rule(options []string) {
	r := &Rules{MaxLength: -1, MaxBytes: -1, DeliveryLimit: -1}
	for _, o := range options {
		key, value, _ := strings.Cut(o, "=")
		n, _ := strconv.ParseInt(value, 10, 64)
		switch key {
		case "length":
			r.MaxLength = n
		case "limit":
			r.DeliveryLimit = n
		case "in-turn":
			r.InTurn = true
		case "retry":
			parts := strings.Split(value, "/")
			r.On = map[string]RetryType{"all": RetryAll, "failed": RetryFailed, "returned": RetryReturned}[parts[0]]
			r.Min, _ = strconv.ParseInt(parts[1], 10, 64)
			r.Max, _ = strconv.ParseInt(parts[2], 10, 64)
		default:
			p.say("unknown rule %s", o)
		}
	}
	p.m.Rule(r)
}

// reap takes out what is dead, and says whether there was something.
func (p *player) reap() bool {
	var i Item
	n := p.out.Len()
	for p.m.Expire(&i) {
		p.say("expired %s", p.names[i.Seq])
	}
	for p.m.Drop(&i) {
		p.say("maxlen %s", p.names[i.Seq])
	}
	for {
		why, ok := p.m.Dead(&i, true)
		if !ok {
			return p.out.Len() > n
		}
		p.say("%v %s failures=%d", why, p.names[i.Seq], i.Count.Failures())
	}
}

package conf

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lepusmq/lepus/broker/erlang"
)

// advanced makes assignments of what people set of RabbitMQ's applications in Erlang
// terms. What is not known is warned of.
type advanced struct{ *gathered }

// readAdvanced reads RabbitMQ's second file, which counts more than the others.
func (r *reader) readAdvanced(usual string) ([]Assignment, error) {
	path := r.rabbit("ADVANCED_CONFIG_FILE")
	if path == "" {
		path = usual
	}
	if path == "" {
		return nil, nil
	}
	files := existing([]string{path, filepath.Clean(path) + ".config"})
	if len(files) == 0 {
		return nil, nil
	}
	text, err := readBounded(files[0])
	if err != nil {
		return nil, err
	}
	r.files = append(r.files, files[0])
	t, err := erlang.ParseFile(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", files[0], err)
	}
	e := advanced{&gathered{reader: r}}
	e.applications(files[0], t)
	return e.all, errors.Join(e.errs...)
}

// applications reads a list of applications, each with a list of settings.
func (e advanced) applications(file string, t *erlang.Node) {
	at := func(t *erlang.Node) string { return fmt.Sprintf("%s:%d", file, t.Line) }
	if !isList(t) {
		e.errs = append(e.errs, fmt.Errorf("%s: there must be a list of applications: [{rabbit, […]}]", at(t)))
		return
	}
	for i := range t.Items {
		app, settings, ok := t.Items[i].Pair()
		if !ok || !isList(settings) {
			e.errs = append(e.errs, fmt.Errorf("%s: this is no application with a list of settings: {rabbit, […]}", at(&t.Items[i])))
			continue
		}
		for j := range settings.Items {
			name, value, ok := settings.Items[j].Pair()
			if !ok {
				e.errs = append(e.errs, fmt.Errorf("%s: this is no setting: {name, value}", at(&settings.Items[j])))
				continue
			}
			e.setting(at(&settings.Items[j]), app, name, value)
		}
	}
}

// arguments reads what people give RabbitMQ's runtime to set values of its
// applications, -rabbit consumer_timeout 3600000, and to keep its schedulers from
// busy waiting, +sbwt none.
func (e advanced) arguments(variable string) {
	from := RabbitPrefix + variable
	words := shellWords(e.rabbit(variable))
	for i := 0; i < len(words); i++ {
		if words[i] == "+sbwt" && i+1 < len(words) && words[i+1] == "none" {
			e.add(from, "busy_wait", "0")
			continue
		}
		if words[i] != "-rabbit" && words[i] != "-rabbitmq_management" {
			if flag(words[i]) {
				e.warnings = append(e.warnings, fmt.Sprintf("%s: %s has no effect", from, words[i]))
			}
			continue
		}
		app := words[i][1:]
		for i+2 < len(words) && !flag(words[i+1]) {
			value, ok := erlang.ParseWord(words[i+2])
			if !ok { // a text whose quotes the shell has taken
				value = &erlang.Node{Term: erlang.Text(words[i+2])}
			}
			e.setting(from, app, words[i+1], value)
			i += 2
		}
	}
}

// flag says that a word is a flag of the runtime, not a value of one.
func flag(word string) bool { return strings.HasPrefix(word, "-") || strings.HasPrefix(word, "+") }

// setting sets a value of an application.
func (e advanced) setting(from, app, name string, t *erlang.Node) {
	if app == "rabbitmq_management" && name == "load_definitions" {
		name = "management.load_definitions"
	} else if app != "rabbit" {
		e.unknown(from, app+" "+name)
		return
	}
	word, plain := t.Word()
	switch {
	case plain && slices.Contains(plainSettings(), name):
		e.add(from, name, word)
	case name == "disk_free_limit" || name == "vm_memory_high_watermark":
		e.level(from, name, t)
	case name == "loopback_users" && isList(t):
		e.add(from, name, strings.Join(append(t.Words(), "none"), ","))
	case name == "default_user_tags" && isList(t):
		for _, tag := range t.Words() {
			e.add(from, "default_user_tags."+escapeDots(tag), "true")
		}
	case name == "log_levels" && isList(t):
		for i := range t.Items {
			if category, level, ok := t.Items[i].Pair(); ok {
				word, _ := level.Word()
				e.add(from, "log."+category+".level", word)
			}
		}
	case name == "auth_mechanisms" && isList(t):
		for i, mechanism := range t.Words() {
			e.add(from, "auth_mechanisms."+strconv.Itoa(i+1), mechanism)
		}
	case name == "auth_backends" && isList(t):
		e.backends(from, t)
	default:
		e.unknown(from, name)
	}
}

// plainSettings are those that are called alike, and are an atom, a number or a
// text.
func plainSettings() []string {
	return []string{
		"consumer_timeout", "heartbeat", "frame_max", "channel_max", "max_message_size", "default_user", "default_pass", "default_vhost",
		"handshake_timeout", "ssl_handshake_timeout", "vhost_max", "connection_max", "channel_max_per_node", "consumer_max_per_channel",
		"cluster_queue_limit", "cluster_exchange_limit", "load_definitions", "management.load_definitions", "cluster_name", "proxy_protocol",
		"total_memory_available_override_value", "default_queue_type", "anonymous_login_user", "ssl_cert_login_from",
	}
}

// level sets a share or an amount: 0.4, {absolute, 1000}, {mem_relative, 1.5}, "2GB".
func (e advanced) level(from, name string, t *erlang.Node) {
	word, plain := t.Word()
	kind, value, pair := t.Pair()
	if pair {
		word, _ = value.Word()
	}
	switch {
	case pair && (kind == "absolute" || kind == "relative"):
		e.add(from, name+"."+kind, word)
	case pair && kind == "mem_relative":
		e.add(from, name+".relative", word)
	case !plain:
		e.unknown(from, name)
	case name == "disk_free_limit":
		e.add(from, name+".absolute", word)
	default:
		e.add(from, name, word)
	}
}

// backends sets who knows users: a backend, or one for each of the two halves.
func (e advanced) backends(from string, t *erlang.Node) {
	for i := range t.Items {
		key := "auth_backends." + strconv.Itoa(i+1)
		if halves := t.Items[i].Words(); len(halves) == 2 {
			e.add(from, key+".authn", halves[0])
			e.add(from, key+".authz", halves[1])
		} else {
			word, _ := t.Items[i].Word()
			e.add(from, key, word)
		}
	}
}

func isList(t *erlang.Node) bool {
	_, ok := t.Term.([]any)
	return ok
}

func (e advanced) unknown(from, what string) {
	e.warnings = append(e.warnings, fmt.Sprintf("%s: %s has no effect: say it as a key of rabbitmq.conf, if there is one", from, what))
}

func escapeDots(name string) string { return strings.ReplaceAll(name, ".", `\.`) }

// shellWords takes a text apart at its spaces, except in quotes, which go, and in
// brackets and braces.
func shellWords(s string) []string {
	var words []string
	var word strings.Builder
	var quote rune
	depth, some := 0, false
	for _, r := range s {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && depth == 0 && (r == '"' || r == '\''):
			quote, some = r, true
		case quote == 0 && depth == 0 && (r == ' ' || r == '\t' || r == '\n'):
			if some {
				words = append(words, word.String())
			}
			word.Reset()
			some = false
		default:
			switch r {
			case '[', '{':
				depth++
			case ']', '}':
				depth--
			}
			word.WriteRune(r)
			some = true
		}
	}
	if some {
		words = append(words, word.String())
	}
	return words
}

package conf

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// erlang makes assignments of what people set of RabbitMQ's applications in Erlang
// terms. What is not known is warned of.
type erlang struct {
	*reader
	all  []Assignment
	errs []error
}

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
	t, err := readTerms(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", files[0], err)
	}
	e := erlang{reader: r}
	e.applications(files[0], t)
	return e.all, errors.Join(e.errs...)
}

// applications reads a list of applications, each with a list of settings.
func (e *erlang) applications(file string, t *term) {
	at := func(t *term) string { return fmt.Sprintf("%s:%d", file, t.line) }
	if t.kind != listTerm {
		e.errs = append(e.errs, fmt.Errorf("%s: there must be a list of applications: [{rabbit, […]}]", at(t)))
		return
	}
	for i := range t.items {
		app, settings, ok := t.items[i].pair()
		if !ok || settings.kind != listTerm {
			e.errs = append(e.errs, fmt.Errorf("%s: this is no application with a list of settings: {rabbit, […]}", at(&t.items[i])))
			continue
		}
		for j := range settings.items {
			name, value, ok := settings.items[j].pair()
			if !ok {
				e.errs = append(e.errs, fmt.Errorf("%s: this is no setting: {name, value}", at(&settings.items[j])))
				continue
			}
			e.setting(at(&settings.items[j]), app, name, value)
		}
	}
}

// arguments reads what people give RabbitMQ's runtime to set values of its
// applications: -rabbit consumer_timeout 3600000.
func (e *erlang) arguments(variable string) {
	from := RabbitPrefix + variable
	words := shellWords(e.rabbit(variable))
	for i := 0; i < len(words); i++ {
		if words[i] != "-rabbit" && words[i] != "-rabbitmq_management" {
			if flag(words[i]) {
				e.warnings = append(e.warnings, fmt.Sprintf("%s: %s has no effect", from, words[i]))
			}
			continue
		}
		app := words[i][1:]
		for i+2 < len(words) && !flag(words[i+1]) {
			value, ok := readTerm(words[i+2])
			if !ok { // a text whose quotes the shell has taken
				value = &term{kind: textTerm, text: words[i+2]}
			}
			e.setting(from, app, words[i+1], value)
			i += 2
		}
	}
}

// flag says that a word is a flag of the runtime, not a value of one.
func flag(word string) bool { return strings.HasPrefix(word, "-") || strings.HasPrefix(word, "+") }

// setting sets a value of an application.
func (e *erlang) setting(from, app, name string, t *term) {
	if app == "rabbitmq_management" && name == "load_definitions" {
		name = "management.load_definitions"
	} else if app != "rabbit" {
		e.unknown(from, app+" "+name)
		return
	}
	switch plain := t.kind != listTerm && t.kind != tupleTerm; {
	case plain && slices.Contains(plainSettings(), name):
		e.set(from, name, t.text)
	case name == "disk_free_limit" || name == "vm_memory_high_watermark":
		e.level(from, name, t)
	case name == "loopback_users" && t.kind == listTerm:
		e.set(from, name, strings.Join(append(t.texts(), "none"), ","))
	case name == "default_user_tags" && t.kind == listTerm:
		for _, tag := range t.texts() {
			e.set(from, "default_user_tags."+escapeDots(tag), "true")
		}
	case name == "log_levels" && t.kind == listTerm:
		for i := range t.items {
			if category, level, ok := t.items[i].pair(); ok {
				e.set(from, "log."+category+".level", level.text)
			}
		}
	case name == "auth_mechanisms" && t.kind == listTerm:
		for i, mechanism := range t.texts() {
			e.set(from, "auth_mechanisms."+strconv.Itoa(i+1), mechanism)
		}
	case name == "auth_backends" && t.kind == listTerm:
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
func (e *erlang) level(from, name string, t *term) {
	kind, value, pair := t.pair()
	switch {
	case pair && (kind == "absolute" || kind == "relative"):
		e.set(from, name+"."+kind, value.text)
	case pair && kind == "mem_relative":
		e.set(from, name+".relative", value.text)
	case t.kind == listTerm || t.kind == tupleTerm:
		e.unknown(from, name)
	case name == "disk_free_limit":
		e.set(from, name+".absolute", t.text)
	default:
		e.set(from, name, t.text)
	}
}

// backends sets who knows users: a backend, or one for each of the two halves.
func (e *erlang) backends(from string, t *term) {
	for i := range t.items {
		key := "auth_backends." + strconv.Itoa(i+1)
		if halves := t.items[i].texts(); len(halves) == 2 {
			e.set(from, key+".authn", halves[0])
			e.set(from, key+".authz", halves[1])
		} else {
			e.set(from, key, t.items[i].text)
		}
	}
}

// texts returns what is in a list or tuple, as far as it is not one itself.
func (t *term) texts() []string {
	var all []string
	for i := range t.items {
		if kind := t.items[i].kind; kind != listTerm && kind != tupleTerm {
			all = append(all, t.items[i].text)
		}
	}
	return all
}

func (e *erlang) set(from, key, value string) {
	a, err := e.assign(key, value, from)
	if err != nil {
		e.errs = append(e.errs, fmt.Errorf("%s: %w", from, err))
		return
	}
	e.all = append(e.all, a)
}

func (e *erlang) unknown(from, what string) {
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

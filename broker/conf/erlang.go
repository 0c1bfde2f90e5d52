package conf

import (
	"fmt"
	"regexp"
	"strings"
)

// erlangArguments reads what people give RabbitMQ's runtime to set values of its
// applications: -rabbit consumer_timeout 3600000. What is not known is warned of.
func (e *environment) erlangArguments() {
	const variable = "SERVER_ADDITIONAL_ERL_ARGS"
	words := shellWords(e.rabbit(variable))
	for i := 0; i < len(words); i++ {
		if words[i] != "-rabbit" && words[i] != "-rabbitmq_management" {
			if strings.HasPrefix(words[i], "-") {
				e.warnings = append(e.warnings, fmt.Sprintf("%s%s: %s has no effect", RabbitPrefix, variable, words[i]))
			}
			continue
		}
		for i+2 < len(words) && !strings.HasPrefix(words[i+1], "-") {
			e.erlangValue(variable, words[i+1], words[i+2])
			i += 2
		}
	}
}

// erlangValue sets a value of an application, which is an Erlang term.
func (e *environment) erlangValue(variable, name, term string) {
	term = strings.TrimSuffix(strings.TrimPrefix(strings.Trim(term, `"'`), "<<"), ">>")
	term = strings.Trim(term, `"`)
	switch name {
	case "consumer_timeout", "heartbeat", "frame_max", "channel_max", "max_message_size", "default_user", "default_pass",
		"default_vhost", "handshake_timeout", "vhost_max", "connection_max", "channel_max_per_node", "load_definitions", "cluster_name":
		e.set(variable, name, term)
	case "vm_memory_high_watermark":
		e.set(variable, "vm_memory_high_watermark", term)
	case "disk_free_limit":
		e.set(variable, "disk_free_limit.absolute", term)
	case "loopback_users":
		if term == "[]" {
			term = "none"
		}
		e.set(variable, "loopback_users", strings.Trim(term, "[]"))
	case "log_levels":
		for _, m := range regexp.MustCompile(`\{\s*(\w+)\s*,\s*(\w+)\s*\}`).FindAllStringSubmatch(term, -1) {
			e.set(variable, "log."+m[1]+".level", m[2])
		}
	default:
		e.warnings = append(e.warnings, fmt.Sprintf("%s%s: %s has no effect", RabbitPrefix, variable, name))
	}
}

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
		case quote == 0 && (r == '"' || r == '\''):
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

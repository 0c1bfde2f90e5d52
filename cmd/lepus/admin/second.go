package admin

import (
	"slices"
	"strings"
)

// nouns are the words with which a line of the second version begins, and what
// they are in the first.
func nouns() map[string]string {
	return map[string]string{
		"bindings": "binding", "channels": "channel", "connections": "connection", "consumers": "consumer", "exchanges": "exchange",
		"nodes": "node", "operator_policies": "operator_policy", "parameters": "parameter", "permissions": "permission",
		"policies": "policy", "queues": "queue", "users": "user", "vhosts": "vhost", "vhost_limits": "vhost_limit",
		"definitions": "definitions", "messages": "messages", "health_check": "health_check", "overview": "overview",
	}
}

// secondVersion turns a line of the second version into one of the first; others
// stay as they are. health says that it is a health check, which the first has
// none of.
func secondVersion(line []string) (first []string, health bool) {
	var words, arguments []string
	for i := 0; i < len(line); i++ {
		w := line[i]
		name, value, attached := strings.Cut(w, "=")
		switch {
		case general(name) && !(health && name == "--port"):
			words = append(words, w)
			if takesValue(name) && !attached && len(name) > 1 && i+1 < len(line) {
				i++
				words = append(words, line[i])
			}
		case strings.HasPrefix(w, "--") && len(w) > 2:
			if !attached && i+1 < len(line) && !strings.HasPrefix(line[i+1], "--") {
				i++
				value = line[i]
			} else if !attached {
				value = "true"
			}
			arguments = append(arguments, strings.ReplaceAll(name[2:], "-", "_")+"="+value)
		default:
			words = append(words, w)
			health = health || w == "health_check"
		}
	}
	at := slices.IndexFunc(words, func(w string) bool { _, ok := nouns()[w]; return ok })
	verbs := strings.Fields("list show declare delete close purge publish get export import")
	verbFirst := slices.IndexFunc(words, func(w string) bool { return slices.Contains(verbs, w) })
	switch {
	case at >= 0 && health:
		return append(slices.Delete(words, at, at+1), arguments...), true
	case at >= 0 && at+1 < len(words) && (verbFirst < 0 || verbFirst > at):
		words = turn(words, at)
	case len(arguments) == 0 || verbFirst < 0:
		return line, false
	}
	return append(words, renamed(words, arguments)...), false
}

// general says whether a word is an option of both versions.
func general(word string) bool {
	if len(word) >= 2 && word[0] == '-' && word[1] != '-' {
		word = word[:2]
	}
	return slices.ContainsFunc(known(), func(o option) bool {
		return o.short != "" && word == "-"+o.short || word == "--"+o.name || o.also != "" && word == "--"+o.also
	})
}

func takesValue(word string) bool {
	return slices.ContainsFunc(known(), func(o option) bool {
		return o.value && (o.short != "" && word == "-"+o.short || word == "--"+o.name || o.also != "" && word == "--"+o.also)
	})
}

// turn puts the verb before the noun, as the first version has it.
func turn(words []string, at int) []string {
	noun, verb := words[at], words[at+1]
	rest := words[at+2:]
	turned := slices.Clone(words[:at])
	switch {
	case noun == "definitions" || noun == "messages":
		turned = append(turned, verb)
	case verb == "list" || verb == "show":
		turned = append(turned, verb, noun)
	default:
		turned = append(turned, verb, nouns()[noun])
	}
	return append(turned, rest...)
}

// renamed gives arguments the names that they have in the first version.
func renamed(words, arguments []string) []string {
	has := func(w string) bool { return slices.Contains(words, w) }
	var all []string
	for _, a := range arguments {
		name, value, _ := strings.Cut(a, "=")
		switch {
		case name == "file" && (has("export") || has("import")):
			all = append(all, value)
			continue
		case name == "type" && has("queue"):
			name = "queue_type"
		case name == "apply_to":
			name = "apply-to"
		case name == "ack_mode":
			name = "ackmode"
		case name == "columns" && (has("list") || has("show")):
			all = append(all, strings.Split(value, ",")...)
			continue
		}
		all = append(all, name+"="+value)
	}
	return all
}

package admin

import (
	"encoding/json"
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
		"deprecated_features": "deprecated_feature", "feature_flags": "feature_flag", "global_parameters": "global_parameter",
		"passwords": "password", "shovels": "shovel", "topic_permissions": "topic_permission", "user_limits": "user_limit",
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
		case general(name) && !ofObject(words, name):
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

// ofObject says whether what is called as a general option is is one of the object
// that the words are about: what the broker is reached with goes before these words.
func ofObject(words []string, name string) bool {
	about := map[string]string{"health_check": "--port", "users": "--password", "passwords": "--password", "user_connections": "--username"}
	return slices.ContainsFunc(words, func(w string) bool { return about[w] == name })
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
	noun, verb := words[at], firstVerb(words[at], words[at+1])
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

// firstVerb is what the first version calls it, where the second has words of its
// own.
func firstVerb(noun, verb string) string {
	switch {
	case noun == "definitions":
		verb, _, _ = strings.Cut(verb, "_") // export_from_vhost, export_cluster_wide
	case verb == "set" || noun == "shovels" && verb == "declare_amqp091":
		return "declare"
	case verb == "clear":
		return "delete"
	case verb == "list_all":
		return "list"
	}
	return verb
}

// shovelValue gathers what is said of a shovel into its value, with the names that
// that has.
func shovelValue(words, arguments []string) []string {
	if !slices.Contains(words, "shovel") || !slices.Contains(words, "declare") {
		return arguments
	}
	value := map[string]string{"src-protocol": "amqp091", "dest-protocol": "amqp091"}
	var others []string
	for _, a := range arguments {
		name, v, _ := strings.Cut(a, "=")
		name = strings.NewReplacer("source_", "src-", "destination_", "dest-", "_", "-").Replace(name)
		switch {
		case name == "name" || name == "value":
			others = append(others, a)
		default:
			value[name] = v
		}
	}
	if len(value) == 2 {
		return others // it was given as a whole
	}
	text, err := json.Marshal(value)
	if err != nil {
		return arguments // texts always have a form in JSON
	}
	return append(others, "value="+string(text))
}

// renamed gives arguments the names that they have in the first version.
func renamed(words, arguments []string) []string {
	has := func(w string) bool { return slices.Contains(words, w) }
	var all []string
	for _, a := range shovelValue(words, arguments) {
		name, value, _ := strings.Cut(a, "=")
		switch {
		case name == "stdout" && has("export"):
			all = append(all, "-")
			continue
		case name == "stdin" && has("import"):
			all = append(all, "-")
			continue
		case name == "password" && has("salt_and_hash"):
			all = append(all, value)
			continue
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

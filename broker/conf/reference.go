package conf

import (
	"fmt"
	"slices"
	"strings"
)

// Reference returns the table for people, in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Configuration

This page is made from the table in this package (` + "`make generate`" + `); ` + "`lepus config keys`" + ` prints it, and ` + "`lepus config`" + ` what counts.

A flag of ` + "`lepus server`" + ` counts before an environment variable, that before a file, and a file before the default. Files have the syntax of
` + "`rabbitmq.conf`" + `: ` + "`key = value`" + `, comments after ` + "`#`" + `, values with one in them in single quotes, ` + "`$(NAME)`" + ` for a variable of the environment, ` + "`$(<FILE)`" + ` for
what is in a file. They are what ` + "`--config`" + ` names, or ` + "`RABBITMQ_CONFIG_FILE`" + ` and ` + "`RABBITMQ_CONFIG_FILES`" + `, or ` + "`/etc/rabbitmq/rabbitmq.conf`" + ` and then
` + "`/etc/rabbitmq/conf.d/*.conf`" + ` by name. A key that there is not, or a value that is none, ends the start with its place.

` + "`$name`" + ` stands for any name. Times are numbers in the unit of the type, or have one: 90s, 30m, 2h. Sizes are bytes, or have a unit: kB, MB, GB (powers
of 1000), KiB, MiB, GiB (of 1024). *Reload*: the value is taken over on SIGHUP, and counts for who
connects, and what is published, from then on; what else changed is named in the log and counts at the next start.
`)
	for _, s := range sections() {
		fmt.Fprintf(&b, "\n## %s\n\n| key | type | default | |\n|---|---|---|---|\n", s.title)
		for _, k := range s.keys {
			if k.Ignored == "" && k.Refused == "" {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Pattern, k.Type.Name, code(k.Default), k.about())
			}
		}
		for _, k := range s.keys {
			switch {
			case k.Ignored != "":
				fmt.Fprintf(&b, "| `%s` | | | no effect: %s |\n", k.Pattern, k.Ignored)
			case k.Refused != "":
				fmt.Fprintf(&b, "| `%s` | | | refused: %s |\n", k.Pattern, k.Refused)
			}
		}
	}
	b.WriteString("\n## Environment\n\nEvery flag of `lepus server` has a variable: `LEPUS_DATA_DIR` for `--data-dir`. Of RabbitMQ and its images these are known:\n\n| variable | key |\n|---|---|\n")
	for _, v := range variables() {
		also := ""
		if strings.HasPrefix(v.key, "default_") {
			also = ", or with `_FILE` the file that has it"
		}
		fmt.Fprintf(&b, "| `%s%s` | `%s`%s |\n", RabbitPrefix, v.name, v.key, also)
	}
	b.WriteString("| `RABBITMQ_NODE_PORT`, `RABBITMQ_NODE_IP_ADDRESS` | `listeners.tcp.default` |\n" +
		"| `RABBITMQ_LOGS` | `log.file`; `-` is the console only |\n" +
		"| `RABBITMQ_LOG` | `log.default.level`, `log.$category.level`, as `info,connection.debug`; `+json` for lines in JSON |\n" +
		"| `RABBITMQ_CONF_ENV_FILE` | a file with more of them, without the prefix |\n" +
		"| `RABBITMQ_ADVANCED_CONFIG_FILE` | the file with Erlang terms, `/etc/rabbitmq/advanced.config` without it |\n" +
		"| `RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS` | `-rabbit KEY VALUE`; `+sbwt none` is `busy_wait = 0` |\n\n" +
		"Of Erlang terms these settings of the application `rabbit` are known, and count more than those of the other files; others are warned of: `" +
		strings.Join(plainSettings(), "`, `") +
		"`, `disk_free_limit`, `vm_memory_high_watermark`, `loopback_users`, `default_user_tags`, `log_levels`, `auth_mechanisms`, `auth_backends`.\n")
	b.WriteString("\nThese are known and have no effect; unknown ones are passed over, as Kubernetes sets some for a service of that name:\n\n| variables, after RABBITMQ_ | |\n|---|---|\n")
	for _, v := range ignoredVariables() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(v.names, ", ", "`, `"), v.why)
	}
	return b.String()
}

// about is what the reference says of a key.
func (k *Key) about() string {
	all := []string{strings.ReplaceAll(k.Doc, "|", `\|`)}
	if k.Flag != "" {
		all = append(all, "`--"+k.Flag+"`")
	}
	if k.Reload {
		all = append(all, "*reload*")
	}
	if k.Secret {
		all = append(all, "not shown")
	}
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), "; ")
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

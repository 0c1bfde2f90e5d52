package conf

import (
	"fmt"
	"strings"
)

// logLevels reads RABBITMQ_LOG: levels, of all or of a category, and the form of
// lines, with commas between: info,connection.debug,+json.
func (e *environment) logLevels() {
	const variable = "LOG"
	for word := range strings.SplitSeq(e.rabbit(variable), ",") {
		word = strings.TrimSpace(word)
		category, level, of := strings.Cut(word, ".")
		switch {
		case word == "":
		case word == "+json":
			e.set(variable, "log.console.formatter", "json")
			e.set(variable, "log.file.formatter", "json")
		case word == "-json":
			e.set(variable, "log.console.formatter", "plaintext")
			e.set(variable, "log.file.formatter", "plaintext")
		case word[0] == '+' || word[0] == '-':
			e.warnings = append(e.warnings, fmt.Sprintf("%s%s: %s has no effect", RabbitPrefix, variable, word))
		case of:
			e.set(variable, "log."+category+".level", level)
		default:
			e.set(variable, "log.default.level", word)
		}
	}
}

// ignoredVariables are those of RabbitMQ and its images that are known and mean
// nothing here, with the reason.
func ignoredVariables() []struct{ names, why string } {
	return []struct{ names, why string }{
		{"ERLANG_COOKIE, ERL_COOKIE, USE_LONGNAME, CTL_ERL_ARGS, SERVER_ERL_ARGS, SERVER_START_ARGS, IO_THREAD_POOL_SIZE, DIST_PORT, CTL_DIST_PORT_MIN, CTL_DIST_PORT_MAX", "there is no Erlang"},
		{"HOME, PLUGINS_DIR, PLUGINS_EXPAND_DIR, GENERATED_CONFIG_DIR, SCHEMA_DIR, SASL_LOGS", "there is one program, and one data folder"},
		{"ENABLED_PLUGINS, ENABLED_PLUGINS_FILE, PLUGINS, COMMUNITY_PLUGINS", "what there is is always on"},
		{"NODE_TYPE, CLUSTER_NODE_NAME, CLUSTER_PARTITION_HANDLING, CLUSTER_REBALANCE, CLUSTER_REBALANCE_ATTEMPTS, FORCE_BOOT, FEATURE_FLAGS", "there are no clusters"},
		{"MANAGEMENT_ALLOW_WEB_ACCESS, LOAD_DEFINITIONS, SECURE_PASSWORD, HIPE_COMPILE", "it is so, or the other variables say it"},
	}
}

package admin

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// kind is what there may be of something, and how it is asked for.
type kind struct {
	name string
	path string // under /api, with {names} of arguments
	// must are the arguments that it needs, with bars between those of which one
	// will do; may are those that it may have, with what they are if not given;
	// empty ones are not sent.
	must string
	may  map[string]any
	json string // the arguments that are JSON
}

// listed is what can be listed or shown.
type listed struct {
	name    string
	byVHost bool
	columns string // that are shown unless others are asked for
	json    string // the columns that are shown as JSON
}

func listable() []listed {
	return []listed{
		{name: "connections", columns: "name user channels"},
		{name: "channels", columns: "name user"},
		{name: "consumers", byVHost: true},
		{name: "exchanges", byVHost: true, columns: "name type"},
		{name: "queues", byVHost: true, columns: "name messages"},
		{name: "bindings", byVHost: true, columns: "source destination routing_key"},
		{name: "users"},
		{name: "vhosts", columns: "name messages"},
		{name: "permissions"},
		{name: "nodes", columns: "name type mem_used"},
		{name: "parameters", json: "value"},
		{name: "policies", json: "definition"},
		{name: "operator_policies", json: "definition"},
		{name: "vhost_limits", json: "value"},
		// Of the second version.
		{name: "deprecated_features", columns: "name deprecation_phase"},
		{name: "feature_flags", columns: "name state"},
		{name: "global_parameters", json: "value"},
		{name: "shovels", byVHost: true, columns: "vhost name type state"},
		{name: "topic_permissions"},
		{name: "user_limits", json: "value"},
	}
}

func showable() []listed {
	return []listed{{name: "overview", columns: "rabbitmq_version cluster_name queue_totals.messages object_totals.queues"}}
}

// Where the objects are.
const (
	exchangePath   = "exchanges/{vhost}/{name}"
	queuePath      = "queues/{vhost}/{name}"
	bindingPath    = "bindings/{vhost}/e/{source}/{destination_char}/{destination}"
	vhostPath      = "vhosts/{name}"
	userPath       = "users/{name}"
	permissionPath = "permissions/{vhost}/{user}"
	parameterPath  = "parameters/{component}/{vhost}/{name}"
	policyPath     = "policies/{vhost}/{name}"
	operatorPath   = "operator-policies/{vhost}/{name}"
	limitPath      = "vhost-limits/{vhost}/{name}"
	userLimitPath  = "user-limits/{user}/{name}"
	globalPath     = "global-parameters/{name}"
	topicPath      = "topic-permissions/{vhost}/{user}"
	shovelPath     = "parameters/shovel/{vhost}/{name}"
	protectionPath = "vhosts/{name}/deletion/protection"
)

func declarable() []kind {
	none := map[string]any{}
	policy := map[string]any{"priority": 0, "apply-to": nil}
	return []kind{
		{"exchange", exchangePath, "name type", map[string]any{"auto_delete": "false", "durable": "true", "internal": "false", "arguments": none}, "arguments"},
		{"queue", queuePath, "name", map[string]any{"auto_delete": "false", "durable": "true", "arguments": none, "node": nil, "queue_type": nil}, "arguments"},
		{"binding", bindingPath, "source destination", map[string]any{"destination_type": "queue", "routing_key": "", "arguments": none}, "arguments"},
		{"vhost", vhostPath, "name", map[string]any{"tracing": nil, "description": nil, "tags": nil, "default_queue_type": nil}, ""},
		{"user", userPath, "name password|password_hash tags", map[string]any{"hashing_algorithm": nil}, ""},
		{"permission", permissionPath, "vhost user configure write read", nil, ""},
		{"parameter", parameterPath, "component name value", nil, "value"},
		{"policy", policyPath, "name pattern definition", policy, "definition priority"},
		{"operator_policy", operatorPath, "name pattern definition", policy, "definition priority"},
		{"vhost_limit", limitPath, "vhost name value", nil, "value"},
		// Of the second version.
		{"global_parameter", globalPath, "name value", nil, "value"},
		{"shovel", shovelPath, "name value", nil, "value"},
		{"topic_permission", topicPath, "user exchange write read", nil, ""},
		{"user_limit", userLimitPath, "user name value", nil, "value"},
	}
}

func deletable() []kind {
	return []kind{
		{name: "exchange", path: exchangePath, must: "name"},
		{name: "queue", path: queuePath, must: "name"},
		{name: "binding", path: bindingPath + "/{properties_key}", must: "source destination_type destination", may: map[string]any{"properties_key": "~"}},
		{name: "vhost", path: vhostPath, must: "name"},
		{name: "user", path: userPath, must: "name"},
		{name: "permission", path: permissionPath, must: "vhost user"},
		{name: "parameter", path: parameterPath, must: "component name"},
		{name: "policy", path: policyPath, must: "name"},
		{name: "operator_policy", path: operatorPath, must: "name"},
		{name: "vhost_limit", path: limitPath, must: "vhost name"},
		// Of the second version.
		{name: "global_parameter", path: globalPath, must: "name"},
		{name: "shovel", path: shovelPath, must: "name"},
		{name: "topic_permission", path: topicPath, must: "user"},
		{name: "user_limit", path: userLimitPath, must: "user name"},
	}
}

func closable() []kind {
	return []kind{
		{name: "connection", path: "connections/{name}", must: "name"},
		{name: "user_connections", path: "connections/username/{username}", must: "username"},
	}
}

// deed is what the second version can do to an object besides.
type deed struct {
	kind
	verb, method, done string
}

func deeds() []deed {
	return []deed{
		{kind{name: "feature_flag", path: "feature-flags/{name}/enable", must: "name"}, "enable", http.MethodPut, "enabled"},
		{kind{name: "queue", path: "rebalance/queues"}, "rebalance", http.MethodPost, "leaders balanced"},
		{kind{name: "shovel", path: "shovels/vhost/{vhost}/{name}/restart", must: "name"}, "restart", http.MethodDelete, "restarted"},
		{kind{name: "vhost", path: protectionPath, must: "name"}, "enable_deletion_protection", http.MethodPost, "protected from deletion"},
		{kind{name: "vhost", path: protectionPath, must: "name"}, "disable_deletion_protection", http.MethodDelete, "no longer protected from deletion"},
	}
}

func purgeable() []kind {
	return []kind{{name: "queue", path: queuePath + "/contents", must: "name"}}
}

func publishing() kind {
	return kind{"publish", "exchanges/{vhost}/{exchange}/publish", "routing_key", map[string]any{
		"payload": nil, "properties": map[string]any{}, "exchange": "amq.default", "payload_encoding": "string",
	}, "properties"}
}

func getting() kind {
	return kind{"get", "queues/{vhost}/{queue}/get", "queue", map[string]any{
		"count": "1", "ackmode": "ack_requeue_true", "payload_file": nil, "encoding": "auto",
	}, ""}
}

// takes says whether an object has an argument of that name.
func (k *kind) takes(name string) bool {
	if _, ok := k.may[name]; ok {
		return true
	}
	return slices.Contains(strings.FieldsFunc(k.must, func(r rune) bool { return r == ' ' || r == '|' }), name)
}

// usage is the arguments as help shows them.
func (k *kind) usage() string {
	var parts []string
	for _, m := range strings.Fields(k.must) {
		parts = append(parts, strings.ReplaceAll(m, "|", "=... OR ")+"=...")
	}
	if len(k.may) > 0 {
		var may []string
		for _, m := range slices.Sorted(maps.Keys(k.may)) {
			may = append(may, m+"=...")
		}
		parts = append(parts, "["+strings.Join(may, " ")+"]")
	}
	return strings.Join(parts, " ")
}

package vhost

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// policyKind is who makes a policy.
type policyKind uint8

const (
	userPolicy     policyKind = iota
	operatorPolicy            // of who runs the broker: bounds what users may do
)

// policyKey is a key of the definition of a policy.
type policyKey struct {
	key string
	// ok says whether a value is good, and fault what RabbitMQ says of one that
	// is not, after the value itself.
	ok    func(value any) bool
	fault string
	// strangers are the kinds of queues that do not know the key.
	strangers scope
	// merge makes one value of the user's and the operator's. Nil is a key that
	// operators cannot have.
	merge func(user, operator any) any
}

// Kinds of queues as strangers to keys.
const (
	onlyClassic = quorumQueues | streams
	onlyQuorum  = classicQueues | streams
	onlyStreams = classicQueues | quorumQueues
	noStreams   = streams
)

// policyKeys are all keys there are, in alphabetical order. What is not here is
// refused. The table never changes.
var policyKeys = []policyKey{
	{"alternate-exchange", isText, "is not a valid alternate exchange name", 0, nil},
	{"consumer-disconnected-timeout", isSize, "is not a valid consumer disconnected timeout", 0, nil},
	{"consumer-timeout", isSize, "is not a valid consumer timeout", 0, nil},
	{"dead-letter-exchange", isText, "is not a valid dead letter exchange name", noStreams, nil},
	{"dead-letter-routing-key", isText, "is not a valid dead letter routing key", noStreams, nil},
	{"dead-letter-strategy", isOneOf("at-most-once", "at-least-once"), "is not a valid dead letter strategy", onlyQuorum, nil},
	{"delayed-retry-max", isCount, "is not a valid delayed retry maximum delay. Must be a positive integer", 0, lower},
	{"delayed-retry-min", isCount, "is not a valid delayed retry minimum delay. Must be a positive integer", 0, higher},
	{"delayed-retry-type", isOneOf("all", "failed", "returned", "disabled"),
		"is not a valid delayed retry type. Must be one of: all, failed, returned, disabled", 0, operators},
	{"delivery-limit", isInteger, "is not a valid delivery limit", onlyQuorum, lowerLimit},
	{"expires", isCount, "is not a valid queue expiry", noStreams, lower},
	{"federation-upstream", isText, "is not a valid federation upstream name", 0, nil},
	{"federation-upstream-pattern", isText, "is not a valid federation upstream pattern", 0, nil},
	{"federation-upstream-set", isText, "is not a valid federation upstream set name", 0, nil},
	{"ha-mode", isAnything, "", onlyClassic, nil},
	{"ha-params", isAnything, "", onlyClassic, nil},
	{"ha-promote-on-failure", isAnything, "", onlyClassic, nil},
	{"ha-promote-on-shutdown", isAnything, "", onlyClassic, nil},
	{"ha-sync-batch-size", isAnything, "", 0, nil},
	{"ha-sync-mode", isAnything, "", onlyClassic, nil},
	{"initial-cluster-size", isSize, "is not a valid cluster size", onlyStreams, nil},
	{"max-age", isAge, "is not a valid max age", onlyStreams, nil},
	{"max-in-memory-bytes", isSize, "is not a valid maximum memory in bytes", onlyQuorum, lower},
	{"max-in-memory-length", isSize, "is not a valid maximum memory in bytes", onlyQuorum, lower},
	{"max-length", isSize, "is not a valid maximum length", noStreams, lower},
	{"max-length-bytes", isSize, "is not a valid maximum length in bytes", 0, lower},
	{"member-placement-tag", isName, "is not a valid member-placement-tag value. Must be a non-empty string", 0, operators},
	{"message-ttl", isSize, "is not a valid message TTL", noStreams, lower},
	{"overflow", isOneOf("drop-head", "reject-publish", "reject-publish-dlx"), "is not a valid overflow value", noStreams, operators},
	{"queue-leader-locator", isOneOf("client-local", "balanced", "random", "least-leaders"),
		"is not a valid queue leader locator value", 0, nil},
	{"queue-master-locator", isOneOf("min-masters", "client-local", "random"), "invalid queue-master-locator value", onlyClassic, nil},
	{"queue-mode", isOneOf("default", "lazy"), "is not a valid queue-mode value", onlyClassic, nil},
	{"queue-version", isVersion, "is not a valid queue-version value", 0, operators},
	{"routing-key", isText, "is not a valid routing key", 0, nil},
	{"shards-per-node", isSize, "is not a valid number of shards", 0, nil},
	{"stream-filter-size-bytes", isFilterSize, "is not a valid filter size. Valid range is 16-255", 0, nil},
	{"stream-max-segment-size-bytes", isSegmentSize, "is not a valid segment size", onlyStreams, nil},
	{"target-group-size", isCount, "is not a valid qq target count value", onlyQuorum, higher},
}

func findPolicyKey(key string) *policyKey {
	i, found := slices.BinarySearchFunc(policyKeys, key, func(k policyKey, key string) int { return strings.Compare(k.key, key) })
	if !found {
		return nil
	}
	return &policyKeys[i]
}

// checkDefinition returns the first thing that is wrong with a definition, ""
// if nothing is: bad values first, then keys that there are not.
func checkDefinition(kind policyKind, definition map[string]any) string {
	if len(definition) == 0 {
		return "no policy provided"
	}
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(definition)) {
		k := findPolicyKey(key)
		value := definition[key]
		switch {
		case k == nil || kind == operatorPolicy && k.merge == nil:
			unknown = append(unknown, "{"+term(key)+","+term(value)+"}")
		case !k.ok(value):
			return term(value) + " " + k.fault
		}
	}
	if fault := checkRetry(definition); fault != "" {
		return fault
	}
	if len(unknown) > 0 {
		return "[" + strings.Join(unknown, ",") + "] are not recognised policy settings"
	}
	return ""
}

// checkRetry returns what is wrong with the keys for retries together.
func checkRetry(definition map[string]any) string {
	least, hasLeast := definition["delayed-retry-min"].(int64)
	most, hasMost := definition["delayed-retry-max"].(int64)
	typ, hasType := text(definition, "delayed-retry-type")
	switch {
	case hasType && typ != "disabled" && !hasLeast:
		return "delayed-retry-min is required when delayed-retry-type is " + typ
	case hasLeast && hasMost && most < least:
		return fmt.Sprintf("delayed-retry-max (%d) must not be smaller than delayed-retry-min (%d)", most, least)
	}
	return ""
}

func isAnything(any) bool { return true }

func isText(value any) bool {
	_, ok := value.(string)
	return ok
}

func isName(value any) bool { return isText(value) && value != "" }

func isInteger(value any) bool {
	_, ok := value.(int64)
	return ok
}

// isBetween reports whether a value is an integer from least to most.
func isBetween(value any, least, most int64) bool {
	n, ok := value.(int64)
	return ok && least <= n && n <= most
}

func isSize(value any) bool        { return isBetween(value, 0, 1<<63-1) }
func isCount(value any) bool       { return isBetween(value, 1, 1<<63-1) }
func isVersion(value any) bool     { return isBetween(value, 1, 2) }
func isFilterSize(value any) bool  { return isBetween(value, 16, 255) }
func isSegmentSize(value any) bool { return isBetween(value, 0, 3_000_000_000) }

// isAge reports whether a value is a number with a unit of time: 7D, 12h.
func isAge(value any) bool {
	s, ok := value.(string)
	if !ok || len(s) < 2 || !strings.Contains("YMDhms", s[len(s)-1:]) {
		return false
	}
	return strings.Trim(s[:len(s)-1], "0123456789") == ""
}

func isOneOf(allowed ...string) func(any) bool {
	return func(value any) bool {
		s, ok := value.(string)
		return ok && slices.Contains(allowed, s)
	}
}

// What becomes of the values of a user and an operator for the same key.

func lower(user, operator any) any  { return min(user.(int64), operator.(int64)) }
func higher(user, operator any) any { return max(user.(int64), operator.(int64)) }
func operators(_, operator any) any { return operator }

// lowerLimit is the lower of two delivery limits, of which a negative one is no
// limit.
func lowerLimit(user, operator any) any { return lowerDeliveryLimit(user.(int64), operator.(int64)) }

func lowerDeliveryLimit(a, b int64) int64 {
	if a < 0 || b < 0 {
		return max(a, b)
	}
	return min(a, b)
}

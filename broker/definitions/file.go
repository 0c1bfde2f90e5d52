package definitions

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/parameter"
)

// file is what a definitions file holds. In that of a virtual host nothing names it.
type file struct {
	RabbitVersion   string `json:"rabbit_version,omitempty"`
	RabbitMQVersion string `json:"rabbitmq_version,omitempty"`
	ProductName     string `json:"product_name,omitempty"`
	ProductVersion  string `json:"product_version,omitempty"`
	Format          string `json:"rabbitmq_definition_format,omitempty"`
	ClusterName     string `json:"original_cluster_name,omitempty"`

	Users            []user                `json:"users,omitzero"`
	VHosts           []virtualHost         `json:"vhosts,omitzero"`
	Permissions      []permission          `json:"permissions,omitzero"`
	TopicPermissions []topicPermission     `json:"topic_permissions,omitzero"`
	Parameters       []parameter.Parameter `json:"parameters"`
	GlobalParameters []parameter.Global    `json:"global_parameters,omitzero"`
	Policies         []policy              `json:"policies"`
	Queues           []queue               `json:"queues"`
	Exchanges        []exchange            `json:"exchanges"`
	Bindings         []binding             `json:"bindings"`
}

type user struct {
	Name             string      `json:"name"`
	PasswordHash     string      `json:"password_hash"`
	Password         string      `json:"password,omitempty"`
	HashingAlgorithm string      `json:"hashing_algorithm,omitempty"`
	Tags             *words      `json:"tags"`
	Limits           auth.Limits `json:"limits"`
}

type virtualHost struct {
	Name             string   `json:"name"`
	Description      *string  `json:"description,omitempty"`
	Tags             *words   `json:"tags,omitempty"`
	DefaultQueueType *string  `json:"default_queue_type,omitempty"`
	Tracing          *bool    `json:"tracing,omitempty"`
	Metadata         metadata `json:"metadata"`
	Limits           limits   `json:"limits,omitzero"`
}

// metadata is what since 3.11 is said of a virtual host, beside or instead of its
// fields.
type metadata struct {
	Description      *string `json:"description,omitempty"`
	Tags             *words  `json:"tags,omitempty"`
	DefaultQueueType *string `json:"default_queue_type,omitempty"`
	Protected        *bool   `json:"protected_from_deletion,omitempty"`
}

type permission struct {
	User  string `json:"user"`
	VHost string `json:"vhost"`
	auth.Permission
}

type topicPermission struct {
	User     string `json:"user"`
	VHost    string `json:"vhost"`
	Exchange string `json:"exchange"`
	auth.TopicPermission
}

type policy struct {
	VHost      string         `json:"vhost,omitempty"`
	Name       string         `json:"name"`
	Pattern    string         `json:"pattern"`
	ApplyTo    string         `json:"apply-to"`
	Definition map[string]any `json:"definition"`
	Priority   int            `json:"priority"`
}

type queue struct {
	Name       string     `json:"name"`
	VHost      string     `json:"vhost,omitempty"`
	Type       string     `json:"type,omitempty"`
	Durable    bool       `json:"durable"`
	AutoDelete bool       `json:"auto_delete"`
	Arguments  amqp.Table `json:"arguments"`
}

type exchange struct {
	Name       string     `json:"name"`
	VHost      string     `json:"vhost,omitempty"`
	Type       string     `json:"type"`
	Durable    bool       `json:"durable"`
	AutoDelete bool       `json:"auto_delete"`
	Internal   bool       `json:"internal"`
	Arguments  amqp.Table `json:"arguments"`
}

type binding struct {
	Source          string     `json:"source"`
	VHost           string     `json:"vhost,omitempty"`
	Destination     string     `json:"destination"`
	DestinationType string     `json:"destination_type"`
	RoutingKey      string     `json:"routing_key"`
	Arguments       amqp.Table `json:"arguments"`
}

// words are tags: a list, or a text with commas between them.
type words []string

// UnmarshalJSON implements json.Unmarshaler.
func (w *words) UnmarshalJSON(text []byte) error {
	var list []string
	if json.Unmarshal(text, &list) == nil {
		*w = list
		return nil
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("tags must be a list or a text with commas")
	}
	*w = words{}
	for one := range strings.SplitSeq(s, ",") {
		if one = strings.TrimSpace(one); one != "" {
			*w = append(*w, one)
		}
	}
	return nil
}

// limits are those of a virtual host. No limits may be an empty list.
type limits struct {
	MaxConnections *int `json:"max-connections,omitempty"`
	MaxQueues      *int `json:"max-queues,omitempty"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *limits) UnmarshalJSON(text []byte) error {
	if isEmptyList(text) {
		return nil
	}
	type plain limits
	return json.Unmarshal(text, (*plain)(l))
}

func isEmptyList(text []byte) bool {
	var list []json.RawMessage
	return json.Unmarshal(text, &list) == nil && len(list) == 0
}

// fault is what is wrong with a file, and where.
func fault(at string, format string, args ...any) error {
	return fmt.Errorf("%s: %w", at, fmt.Errorf(format, args...))
}

// parse reads a file. Keys that it does not know it passes over.
func parse(text []byte) (*file, error) {
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(text, &sections); err != nil {
		var head any
		if json.Unmarshal(text, &head) == nil {
			return nil, fmt.Errorf("definitions must be a JSON object")
		}
		return nil, fmt.Errorf("failed_to_parse_json: %w", err)
	}
	f := &file{}
	for _, s := range []struct {
		name string
		read func(at string, text json.RawMessage) error
	}{
		{"users", into(&f.Users)}, {"vhosts", into(&f.VHosts)},
		{"permissions", into(&f.Permissions)}, {"topic_permissions", into(&f.TopicPermissions)},
		{"parameters", into(&f.Parameters)}, {"global_parameters", into(&f.GlobalParameters)},
		{"policies", into(&f.Policies)}, {"queues", into(&f.Queues)},
		{"exchanges", into(&f.Exchanges)}, {"bindings", into(&f.Bindings)},
	} {
		if err := readSection(s.name, sections[s.name], s.read); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// readSection reads a list of one kind of definitions.
func readSection(name string, text json.RawMessage, read func(at string, text json.RawMessage) error) error {
	if len(text) == 0 || string(text) == "null" {
		return nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return fault(name, "must be a list")
	}
	for i, one := range list {
		if err := read(fmt.Sprintf("%s[%d]", name, i), one); err != nil {
			return err
		}
	}
	return nil
}

// into returns what reads one definition and appends it to a list. Numbers stay as
// exact as they are in the file.
func into[T any](list *[]T) func(at string, text json.RawMessage) error {
	return func(at string, text json.RawMessage) error {
		var one T
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&one); err != nil {
			return fault(at+nameOf(text), "%w", err)
		}
		*list = append(*list, one)
		return nil
	}
}

// nameOf is how a definition is called in errors, if it has a name.
func nameOf(text json.RawMessage) string {
	var named struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(text, &named) != nil || named.Name == "" {
		return ""
	}
	return fmt.Sprintf(" %q", named.Name)
}

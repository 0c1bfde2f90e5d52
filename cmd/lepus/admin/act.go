package admin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// maxInput is how many bytes of a payload or of definitions are read.
const maxInput = 1 << 30

// change declares, deletes, closes or purges an object.
func (a *admin) change(ctx context.Context, kinds []kind, done string, words []string) error {
	if len(words) == 0 {
		return wrongUse("Type not specified")
	}
	at := slices.IndexFunc(kinds, func(k kind) bool { return k.name == words[0] })
	if at < 0 {
		return wrongUse("Type %s not recognised", words[0])
	}
	path, body, err := a.arguments(&kinds[at], words[1:])
	if err != nil {
		return err
	}
	switch {
	case done != "declared":
		err = a.api.Delete(ctx, path)
	case words[0] == "binding":
		err = a.api.Post(ctx, path, body, nil)
	default:
		err = a.api.Put(ctx, path, body)
	}
	if err != nil {
		return err
	}
	return a.tell("%s %s", words[0], done)
}

// deed does what else can be done to an object.
func (a *admin) deed(ctx context.Context, verb string, words []string) error {
	of := slices.DeleteFunc(deeds(), func(d deed) bool { return d.verb != verb })
	if len(of) == 0 {
		return wrongUse("Action %s not understood", verb)
	}
	if len(words) == 0 {
		return wrongUse("Type not specified")
	}
	at := slices.IndexFunc(of, func(d deed) bool { return d.name == words[0] })
	if at < 0 {
		return wrongUse("Type %s not recognised", words[0])
	}
	path, _, err := a.arguments(&of[at].kind, words[1:])
	if err != nil {
		return err
	}
	if err := a.api.Do(ctx, api.Request{Method: of[at].method, Path: path, Body: map[string]any{}}, nil); err != nil {
		return err
	}
	return a.tell("%s %s", words[0], of[at].done)
}

// hash prints the hash of a password, for definitions. It needs no broker.
func (a *admin) hash(words []string) error {
	if len(words) != 2 || words[1] == "" {
		return wrongUse("salt_and_hash needs a password")
	}
	_, err := fmt.Fprintln(a.env.Stdout, auth.HashPassword(words[1]))
	return err
}

// arguments reads name=value words into what is sent, and where to.
func (a *admin) arguments(k *kind, words []string) (path string, body map[string]any, err error) {
	body = make(map[string]any)
	for name, usual := range k.may {
		if usual != nil {
			body[name] = usual
		}
	}
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return "", nil, wrongUse("Argument %q not in the name=value format", w)
		}
		if !k.takes(name) {
			return "", nil, wrongUse("Argument %q is not recognised", name)
		}
		body[name] = value
		if slices.Contains(strings.Fields(k.json), name) {
			if !json.Valid([]byte(value)) {
				return "", nil, &jsonError{value}
			}
			body[name] = json.RawMessage(value)
		}
	}
	if err := k.complete(body); err != nil {
		return "", nil, err
	}
	if !slices.Contains(strings.Fields(k.must), "vhost") {
		body["vhost"] = a.opt.get("vhost", a.opt.get("declare-vhost", "/"))
	}
	if err := withQueueType(body); err != nil {
		return "", nil, err
	}
	return k.fill(body), body, nil
}

// complete says which argument is missing, if one is.
func (k *kind) complete(body map[string]any) error {
	for _, m := range strings.Fields(k.must) {
		any := strings.Split(m, "|")
		if !slices.ContainsFunc(any, func(name string) bool { _, ok := body[name]; return ok }) {
			if len(any) > 1 {
				return wrongUse("one of mandatory arguments \"['%s']\" is required", strings.Join(any, "', '"))
			}
			return wrongUse("mandatory argument %q is required", m)
		}
	}
	return nil
}

// withQueueType turns queue_type=quorum into the argument that it stands for.
func withQueueType(body map[string]any) error {
	t, ok := body["queue_type"]
	if !ok {
		return nil
	}
	args := make(map[string]any)
	if raw, ok := body["arguments"].(json.RawMessage); ok {
		if err := json.Unmarshal(raw, &args); err != nil {
			return &jsonError{string(raw)}
		}
	}
	args["x-queue-type"] = t
	body["arguments"] = args
	return nil
}

// fill puts arguments into the path.
func (k *kind) fill(body map[string]any) string {
	var segments []string
	for s := range strings.SplitSeq(k.path, "/") {
		if strings.HasPrefix(s, "{") {
			s = value(body, strings.Trim(s, "{}"))
		}
		segments = append(segments, s)
	}
	return api.Path(segments...)
}

// value is an argument in a path. The default exchange, whose name is empty,
// has another one there.
func value(body map[string]any, name string) string {
	if name == "destination_char" {
		if t, _ := body["destination_type"].(string); t != "" {
			return t[:1]
		}
		return "q"
	}
	v, _ := body[name].(string)
	return v
}

func (a *admin) publish(ctx context.Context, words []string) error {
	k := publishing()
	path, body, err := a.arguments(&k, words)
	if err != nil {
		return err
	}
	if _, ok := body["payload"]; !ok {
		payload, err := io.ReadAll(io.LimitReader(a.env.Stdin, maxInput))
		if err != nil {
			return err
		}
		body["payload"], body["payload_encoding"] = base64.StdEncoding.EncodeToString(payload), "base64"
	}
	var answer struct {
		Routed bool `json:"routed"`
	}
	if err := a.api.Post(ctx, path, body, &answer); err != nil {
		return err
	}
	if answer.Routed {
		return a.tell("Message published")
	}
	return a.tell("Message published but NOT routed")
}

func (a *admin) get(ctx context.Context, words []string) error {
	k := getting()
	path, body, err := a.arguments(&k, words)
	if err != nil {
		return err
	}
	file, _ := body["payload_file"].(string)
	if file != "" && body["count"] != "1" {
		return wrongUse("Cannot get multiple messages using payload_file")
	}
	var raw []byte
	if err := a.api.Do(ctx, api.Request{Method: http.MethodPost, Path: path, Body: body}, &raw); err != nil {
		return err
	}
	if file == "" {
		return a.print(raw, listed{}, nil)
	}
	if err := writePayload(file, raw); err != nil {
		return err
	}
	return a.print(raw, listed{}, strings.Fields("routing_key exchange message_count payload_bytes redelivered"))
}

// writePayload writes the payload of the first message to a file.
func writePayload(file string, raw []byte) error {
	var messages []struct {
		Payload  string `json:"payload"`
		Encoding string `json:"payload_encoding"`
	}
	if err := json.Unmarshal(raw, &messages); err != nil {
		return err
	}
	if len(messages) == 0 {
		return nil
	}
	payload := []byte(messages[0].Payload)
	if messages[0].Encoding == "base64" {
		var err error
		if payload, err = base64.StdEncoding.DecodeString(messages[0].Payload); err != nil {
			return err
		}
	}
	return os.WriteFile(file, payload, 0o600)
}

// definitionsPath is where the definitions are, of all or of a virtual host.
func (a *admin) definitionsPath() string {
	if v := a.opt.get("vhost", ""); v != "" {
		return api.Path("definitions", v)
	}
	return api.Path("definitions")
}

// export writes the definitions to a file, for its owner only: it has the hashes
// of passwords.
func (a *admin) export(ctx context.Context, words []string) error {
	if len(words) != 1 {
		return wrongUse("Exactly one argument required")
	}
	var all []byte
	if err := a.api.Do(ctx, api.Request{Method: http.MethodGet, Path: a.definitionsPath()}, &all); err != nil {
		return err
	}
	if words[0] == "-" {
		_, err := fmt.Fprintf(a.env.Stdout, "%s\n", all)
		return err
	}
	if err := os.WriteFile(words[0], all, 0o600); err != nil {
		return err
	}
	return a.tell("Exported definitions for %s to %q", a.opt.get("host", "localhost"), words[0])
}

// load imports definitions from a file.
func (a *admin) load(ctx context.Context, words []string) error {
	if len(words) != 1 {
		return wrongUse("Exactly one argument required")
	}
	from := a.env.Stdin
	if words[0] != "-" {
		f, err := os.Open(words[0])
		if err != nil {
			return err
		}
		defer f.Close()
		from = f
	}
	all, err := io.ReadAll(io.LimitReader(from, maxInput))
	if err != nil {
		return err
	}
	if err := a.api.Post(ctx, a.definitionsPath(), json.RawMessage(all), nil); err != nil {
		return err
	}
	return a.tell("Uploaded definitions from %q to %s. The import process may take some time. Consult server logs to track progress.",
		a.opt.get("host", "localhost"), words[0])
}

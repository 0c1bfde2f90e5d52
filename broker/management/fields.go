package management

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/lepusmq/lepus/amqp"
)

// fields is the object that a client sends. RabbitMQ looks at keys one by one, passes
// over those it does not know, and takes words for booleans and numbers, and so does
// this.
type fields map[string]json.RawMessage

// fields reads the body of a request, whatever type it says it is. No body is an
// object without keys. Error: 400.
func (q *request) fields() (fields, error) {
	text, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	f := fields{}
	if len(bytes.TrimSpace(text)) == 0 {
		return f, nil
	}
	if err := json.Unmarshal(text, &f); err != nil || f == nil {
		return nil, badRequest("not_json")
	}
	return f, nil
}

// fieldsWith is fields with keys that must be there.
func (q *request) fieldsWith(keys ...string) (fields, error) {
	f, err := q.fields()
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(keys, f.has)
	if len(missing) > 0 {
		return nil, keysMissing(missing...)
	}
	return f, nil
}

func (f fields) has(key string) bool {
	_, ok := f[key]
	return ok
}

// null says that there is nothing of that name, or null.
func (f fields) null(key string) bool {
	v, ok := f[key]
	return !ok || string(v) == "null"
}

// text returns a string, or what there is instead if the key is missing.
func (f fields) text(key, instead string) (string, error) {
	if f.null(key) {
		return instead, nil
	}
	var s string
	if err := json.Unmarshal(f[key], &s); err != nil {
		return "", badRequest([]any{"not_string", key})
	}
	return s, nil
}

// texts returns a list of strings; one string is a list of words with commas between
// them.
func (f fields) texts(key string) ([]string, error) {
	if f.null(key) {
		return nil, nil
	}
	var list []string
	if json.Unmarshal(f[key], &list) == nil {
		return list, nil
	}
	words, err := f.text(key, "")
	if err != nil {
		return nil, err
	}
	for w := range strings.SplitSeq(words, ",") {
		if w = strings.TrimSpace(w); w != "" {
			list = append(list, w)
		}
	}
	return list, nil
}

func (f fields) boolean(key string) (bool, error) {
	if f.null(key) {
		return false, nil
	}
	var b bool
	if json.Unmarshal(f[key], &b) == nil {
		return b, nil
	}
	var s string
	_ = json.Unmarshal(f[key], &s) // what is no string either is told as it is
	if b, err := strconv.ParseBool(s); err == nil && (s == "true" || s == "false") {
		return b, nil
	}
	return false, badRequest([]any{"not_boolean", plain(f[key])})
}

func (f fields) integer(key string, instead int) (int, error) {
	if f.null(key) {
		return instead, nil
	}
	var n int
	if json.Unmarshal(f[key], &n) == nil {
		return n, nil
	}
	var s string
	if json.Unmarshal(f[key], &s) == nil {
		if n, err := strconv.Atoi(s); err == nil {
			return n, nil
		}
	}
	return 0, badRequest([]any{"not_integer", plain(f[key])})
}

// table returns arguments or headers.
func (f fields) table(key string) (amqp.Table, error) {
	if f.null(key) {
		return nil, nil
	}
	var t amqp.Table
	err := json.Unmarshal(f[key], &t)
	switch {
	case errors.Is(err, amqp.ErrNull):
		return nil, badRequest("null_not_allowed")
	case err != nil:
		return nil, badRequest(key + ": " + err.Error())
	}
	return t, nil
}

// plain is a value as it came, a string without its quotes. Whole numbers are int64.
func plain(raw json.RawMessage) any {
	var n int64
	if json.Unmarshal(raw, &n) == nil && string(raw) != "null" {
		return n
	}
	var v any
	_ = json.Unmarshal(raw, &v) // it was part of a text that is JSON
	return v
}

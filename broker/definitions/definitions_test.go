package definitions_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/vhost"
)

// sections are what a file holds, by the names of its keys.
type sections map[string][]map[string]any

func parse(t *testing.T, text []byte) sections {
	t.Helper()
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	all := sections{}
	for key, section := range raw {
		var list []map[string]any
		if json.Unmarshal(section, &list) == nil {
			all[key] = list
		}
	}
	return all
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func export(t *testing.T, b *broker.Broker, host string) []byte {
	t.Helper()
	text, err := b.ExportDefinitions(host)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// holds fails the test if a definition of the file is not among those exported. Keys
// that only newer brokers write may be added.
func holds(t *testing.T, exported, file sections) {
	t.Helper()
	for section, all := range file {
		for _, want := range all {
			if want["name"] == "internal_cluster_id" {
				continue
			}
			same := func(got map[string]any) bool {
				for key, value := range want {
					if !reflect.DeepEqual(got[key], value) {
						return false
					}
				}
				return true
			}
			if !slices.ContainsFunc(exported[section], same) {
				t.Errorf("%s: %v is not in %v", section, want, exported[section])
			}
		}
	}
}

// What RabbitMQ 3.10.8 has exported comes out as it went in, once or twice.
func TestImportOfRabbitMQ310(t *testing.T) {
	b := brokertest.Start(t).Broker
	file := read(t, "rabbitmq-3.10.8.json")
	for range 2 {
		if err := b.ImportDefinitions("", file); err != nil {
			t.Fatal(err)
		}
	}
	holds(t, parse(t, export(t, b, "")), parse(t, file))
}

func TestImportOfRabbitMQ4(t *testing.T) {
	b := brokertest.Start(t).Broker
	if err := b.ImportDefinitions("", read(t, "rabbitmq-4.json")); err != nil {
		t.Fatal(err)
	}
	all := parse(t, export(t, b, ""))
	want := parse(t, read(t, "rabbitmq-4.json"))
	want["users"][0]["tags"] = []any{"management", "clerks"}
	delete(want["vhosts"][0], "limits")
	want["queues"][0]["arguments"] = map[string]any{"x-queue-type": "quorum"}
	holds(t, all, want)
}

// What we export, of the whole and of a virtual host, is what we import.
func TestRoundTrip(t *testing.T) {
	from, to := brokertest.Start(t).Broker, brokertest.Start(t).Broker
	if err := from.ImportDefinitions("", read(t, "rabbitmq-4.json")); err != nil {
		t.Fatal(err)
	}
	whole := export(t, from, "")
	if err := to.ImportDefinitions("", whole); err != nil {
		t.Fatal(err)
	}
	if got := export(t, to, ""); string(got) != string(whole) {
		t.Errorf("exported\n%s\nimported\n%s", whole, got)
	}
	if err := to.AddVHost("copy", vhost.Settings{}); err != nil {
		t.Fatal(err)
	}
	if err := to.ImportDefinitions("copy", export(t, from, "orders")); err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(string(export(t, to, "copy")), `"vhost":"copy"`, `"vhost":"orders"`)
	if want := string(export(t, from, "orders")); got != want {
		t.Errorf("exported\n%s\nimported\n%s", want, got)
	}
}

// An import adds to users and virtual hosts that there are, and deletes nothing.
func TestImportAdds(t *testing.T) {
	b := brokertest.Start(t).Broker
	settings := vhost.Settings{Description: "old", Tracing: true}
	if err := b.AddVHost("orders", settings); err != nil {
		t.Fatal(err)
	}
	if _, err := b.DeclareQueue("", "orders", vhost.QueueSpec{Name: "q1"}); err != nil {
		t.Fatal(err)
	}
	clerk := auth.User{Name: "clerk", Tags: []string{"monitoring"}, Permissions: map[string]auth.Permission{"/": auth.Everything()}}
	if err := b.PutUser(clerk); err != nil {
		t.Fatal(err)
	}
	if err := b.ImportDefinitions("", read(t, "rabbitmq-3.10.8.json")); err != nil {
		t.Fatal(err)
	}
	if s, _ := b.VHostSettings("orders"); !s.Tracing || s.Description != "old" || s.MaxQueues == nil {
		t.Errorf("the virtual host is %+v", s)
	}
	if q, _ := b.Queue("orders", "q1"); q.Durable {
		t.Error("a queue that there was is another")
	}
	u, _ := b.User("clerk")
	if len(u.Permissions) != 2 || !slices.Equal(u.Tags, []string{"management"}) {
		t.Errorf("the user is %+v", u)
	}
}

// A file that is wrong somewhere changes nothing, and the error names the place.
func TestImportIsAtomic(t *testing.T) {
	b := brokertest.Start(t).Broker
	if err := b.ImportDefinitions("", read(t, "rabbitmq-4.json")); err != nil {
		t.Fatal(err)
	}
	before := string(export(t, b, ""))
	const good = `"vhosts":[{"name":"new"}],"users":[{"name":"u","tags":""}],"queues":[{"name":"a","vhost":"new"}],`
	for what, c := range map[string]struct{ file, place string }{
		"no JSON":        {`{`, "failed_to_parse_json"},
		"no object":      {`[]`, "must be a JSON object"},
		"no list":        {`{"queues":5}`, "queues: must be a list"},
		"type":           {`{"queues":[{"name":"a","vhost":"/"},{"name":"b","durable":"x"}]}`, `queues[1] "b": `},
		"no vhost":       {`{"queues":[{"name":"b","vhost":"none"}]}`, `queues[0] "b": virtual host "none"`},
		"argument":       {`{"queues":[{"name":"b","vhost":"/","arguments":{"x-max-length":"a"}}]}`, `queues[0] "b": invalid arg 'x-max-length'`},
		"null":           {`{"queues":[{"name":"b","vhost":"/","arguments":{"a":null}}]}`, `queues[0] "b": null_not_allowed`},
		"flags":          {`{"queues":[{"name":"b","vhost":"/","arguments":{"x-queue-type":"quorum"}}]}`, `queues[0] "b": invalid property 'non-durable'`},
		"no name":        {`{"queues":[{"vhost":"/"}]}`, `queues[0]: a name has`},
		"long name":      {`{"exchanges":[{"vhost":"/","name":"` + strings.Repeat("x", 256) + `","type":"direct"}]}`, `exchanges[0] "`},
		"exchange type":  {`{"exchanges":[{"name":"x","vhost":"/","type":"odd"}]}`, `exchanges[0] "x": unknown exchange type 'odd'`},
		"reserved":       {`{"exchanges":[{"name":"amq.x","vhost":"/","type":"direct"}]}`, `exchanges[0] "amq.x": `},
		"no source":      {`{"bindings":[{"source":"x","vhost":"/","destination":"a","destination_type":"queue"}]}`, `bindings[0] "x -> a": no exchange 'x'`},
		"no destination": {`{"bindings":[{"source":"amq.topic","vhost":"/","destination":"a","destination_type":"queue"}]}`, `no queue 'a'`},
		"destination":    {`{"bindings":[{"source":"amq.topic","vhost":"/","destination":"a","destination_type":"topic"}]}`, `destination_type is "topic"`},
		"policy":         {`{"policies":[{"name":"p","vhost":"/","pattern":"(","definition":{"odd":1}}]}`, `policies[0] "p": validation failed`},
		"operator":       {`{"parameters":[{"component":"operator_policy","name":"p","vhost":"/","value":{"pattern":"a","definition":{"alternate-exchange":"x"}}}]}`, `parameters[0] "p"`},
		"component":      {`{"parameters":[{"component":"odd","name":"p","vhost":"/","value":1}]}`, `component odd not found`},
		"limit":          {`{"parameters":[{"component":"vhost-limits","name":"limits","vhost":"/","value":{"max-queues":"x"}}]}`, `parameters[0] "limits"`},
		"room":           {`{"queues":[{"name":"b","vhost":"orders"}]}`, `the limit is 2`},
		"no tags":        {`{"users":[{"name":"b"}]}`, `users[0] "b": tags_not_present`},
		"hash":           {`{"users":[{"name":"b","tags":"","password_hash":"?"}]}`, `users[0] "b": password_hash`},
		"algorithm":      {`{"users":[{"name":"b","tags":"","password_hash":"AAAA","hashing_algorithm":"odd"}]}`, `users[0] "b": `},
		"no user":        {`{"permissions":[{"user":"none","vhost":"/"}]}`, `permissions[0]: user "none"`},
		"no place":       {`{"permissions":[{"user":"clerk","vhost":"none"}]}`, `permissions[0]: virtual host "none"`},
		"pattern":        {`{"permissions":[{"user":"clerk","vhost":"/","configure":"(","write":"","read":""}]}`, `permissions[0] "clerk": `},
		"topic pattern":  {`{"topic_permissions":[{"user":"clerk","vhost":"/","exchange":"x","write":"(","read":""}]}`, `topic_permissions[0] "clerk": `},
		"queue type":     {`{"vhosts":[{"name":"v","default_queue_type":"odd"}]}`, `vhosts[0] "v": `},
		"nameless vhost": {`{"vhosts":[{"name":""}]}`, `vhosts[0]: a virtual host must have a name`},
		"cluster name":   {`{"global_parameters":[{"name":"cluster_name","value":5}]}`, `global_parameters[0] "cluster_name": `},
	} {
		t.Run(what, func(t *testing.T) {
			file := c.file
			if !slices.Contains([]string{"no JSON", "no object", "no list", "type"}, what) {
				file = withGood(t, c.file, "{"+strings.TrimSuffix(good, ",")+"}")
			}
			err := b.ImportDefinitions("", []byte(file))
			if err == nil || !strings.Contains(err.Error(), c.place) {
				t.Errorf("the error is %v, and does not say %s", err, c.place)
			}
			if after := string(export(t, b, "")); after != before {
				t.Errorf("there was\n%s\nthere is\n%s", before, after)
			}
		})
	}
}

// withGood adds definitions that are as they should be, behind those that are not.
func withGood(t *testing.T, bad, good string) string {
	t.Helper()
	all, more := parse(t, []byte(bad)), parse(t, []byte(good))
	for section, list := range more {
		if _, ok := all[section]; !ok {
			all[section] = list
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestImportIntoVHost(t *testing.T) {
	b := brokertest.Start(t).Broker
	if err := b.ImportDefinitions("none", []byte(`{}`)); err == nil || err.Error() != "vhost_not_found" {
		t.Errorf("a virtual host that is not there: %v", err)
	}
	if err := b.AddVHost("v", vhost.Settings{}); err != nil {
		t.Fatal(err)
	}
	file := read(t, "rabbitmq-3.10.8-vhost.json")
	if err := b.ImportDefinitions("v", file); err != nil {
		t.Fatal(err)
	}
	want := parse(t, file)
	for _, p := range slices.Concat(want["parameters"], want["policies"]) {
		p["vhost"] = "v"
	}
	for _, p := range want["policies"] {
		delete(p, "vhost")
	}
	holds(t, parse(t, export(t, b, "v")), want)
	if names := b.VHosts(); len(names) != 2 {
		t.Errorf("there are now %v", names)
	}
}

// Queues of connections are not exported, nor what is bound to them.
func TestExportLeavesOut(t *testing.T) {
	b := brokertest.Start(t).Broker
	all := parse(t, export(t, b, ""))
	if len(all["exchanges"])+len(all["queues"])+len(all["bindings"]) != 0 {
		t.Errorf("a new broker exports %v", all)
	}
	if _, err := b.ExportDefinitions("none"); err == nil {
		t.Error("a virtual host that is not there is exported")
	}
}

package auth

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// people returns users with ann among them.
func people(t *testing.T, ann User) *Users {
	t.Helper()
	users := NewUsers("guest")
	ann.Name = "ann"
	for _, u := range []User{guest(t), ann} {
		if err := users.Put(u); err != nil {
			t.Fatal(err)
		}
	}
	return users
}

func access(t *testing.T, users *Users, user, vhost string) *Access {
	t.Helper()
	a, ok := users.Access(user, vhost)
	if !ok {
		t.Fatalf("user %q may not use vhost %q", user, vhost)
	}
	return a
}

func TestAccessToVHosts(t *testing.T) {
	users := people(t, User{Permissions: map[string]Permission{"one": {}}})
	for _, refused := range [][2]string{{"ann", "/"}, {"ann", ""}, {"guest", "one"}, {"nobody", "/"}} {
		if _, ok := users.Access(refused[0], refused[1]); ok {
			t.Errorf("%s may use %q", refused[0], refused[1])
		}
	}
	access(t, users, "guest", "/")
	access(t, users, "ann", "one") // where she may do nothing
}

// The texts of the patterns are those that RabbitMQ takes.
func TestCheck(t *testing.T) {
	users := people(t, User{Permissions: map[string]Permission{"v": {
		Configure: "^ann-.*", Write: "out|^(?!secret)[a-m]", Read: "",
	}}})
	a := access(t, users, "ann", "v")
	for _, tt := range []struct {
		right Right
		name  string
		want  bool
	}{
		{Configure, "ann-1", true},
		{Configure, "xann-1", false},
		{Configure, "", false},
		{Write, "layout", true}, // not anchored
		{Write, "abc", true},
		{Write, "xyz", false},
		{Write, "secret", false},
		{Read, "ann-1", false}, // an empty pattern matches nothing
		{Read, "amq.default", false},
	} {
		err := a.Check(tt.right, Resource{Kind: Queue, Name: tt.name})
		if (err == nil) != tt.want || err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%s %q: %v", tt.right, tt.name, err)
		}
	}
	everything := access(t, users, "guest", "/")
	for _, right := range []Right{Configure, Write, Read} {
		if err := everything.Check(right, Resource{Name: "with\nnewline"}); err != nil {
			t.Errorf("%s: %v", right, err)
		}
	}
}

// A pattern that takes for ever refuses, and says why.
func TestCheckThatIsNotDecided(t *testing.T) {
	users := people(t, User{Permissions: map[string]Permission{"v": {Write: `^(?=(a|aa)+$)(\w+)\2*\s$`}}})
	err := access(t, users, "ann", "v").Check(Write, Resource{Name: strings.Repeat("a", 60) + "!"})
	if err == nil {
		t.Error("it was allowed")
	}
}

func TestCheckTopic(t *testing.T) {
	users := people(t, User{
		Permissions: map[string]Permission{"v.1": Everything(), "other": Everything()},
		TopicPermissions: map[string]map[string]TopicPermission{"v.1": {
			"x": {Write: `^{username}\.`, Read: `^({username}|{vhost})\.`},
			"y": {Write: ".*", Read: ""},
		}},
	})
	a := access(t, users, "ann", "v.1")
	if !a.Topics() {
		t.Error("no topics are restricted")
	}
	for _, tt := range []struct {
		right         Right
		exchange, key string
		want          bool
	}{
		{Write, "x", "ann.k", true},
		{Write, "x", "bob.k", false},
		{Write, "x", "v.1.k", false},
		{Read, "x", "v.1.k", true},
		{Read, "x", "v-1.k", false}, // a name stands for itself
		{Read, "x", "ann.k", true},
		{Write, "y", "anything", true},
		{Read, "y", "anything", false},
		{Read, "y", "", true},
		{Read, "z", "anything", true}, // no restriction there
	} {
		if err := a.CheckTopic(tt.right, tt.exchange, tt.key); (err == nil) != tt.want {
			t.Errorf("%s %q with %q: %v", tt.right, tt.exchange, tt.key, err)
		}
	}
	if access(t, users, "ann", "other").Topics() {
		t.Error("topics are restricted in another vhost")
	}
}

// What is taken away is gone at once, and the version says that something has changed.
func TestRevocation(t *testing.T) {
	users := people(t, User{Tags: []string{Impersonator}, Permissions: map[string]Permission{"v": Everything()}})
	a := access(t, users, "ann", "v")
	if a.Check(Read, Resource{Name: "q"}) != nil || !a.Tagged(Impersonator) || a.Tagged(Administrator) {
		t.Error("she has not what was given to her")
	}
	version := a.Version()
	if a.Version() != version {
		t.Error("the version changes by itself")
	}
	if err := users.Put(User{Name: "ann", Permissions: map[string]Permission{"v": {Read: "^r"}}}); err != nil {
		t.Fatal(err)
	}
	if a.Version() == version {
		t.Error("the version is the same")
	}
	if a.Check(Read, Resource{Name: "q"}) == nil || a.Check(Read, Resource{Name: "r"}) != nil || a.Tagged(Impersonator) {
		t.Error("the old permissions count")
	}
	version = a.Version()
	users.Remove("ann")
	if a.Version() == version || a.Check(Read, Resource{Name: "r"}) == nil || a.CheckTopic(Read, "x", "k") == nil || !a.Topics() {
		t.Error("a user who was removed may do something")
	}
	if _, ok := users.Access("ann", "v"); ok {
		t.Error("a user who was removed may open a vhost")
	}
}

func TestUsersAreCopied(t *testing.T) {
	one := 1
	ann := User{
		PasswordHash: hashOfTest12, HashingAlgorithm: SHA256, Tags: []string{"a"},
		Permissions:      map[string]Permission{"v": Everything()},
		TopicPermissions: map[string]map[string]TopicPermission{"v": {"x": {Write: "w"}}},
		Limits:           Limits{MaxConnections: &one},
	}
	users := people(t, ann)
	ann.Name = "ann"
	got, ok := users.Get("ann")
	if !ok || !reflect.DeepEqual(got, ann) {
		t.Fatalf("got %+v, want %+v", got, ann)
	}
	got.Tags[0] = "b"
	got.Permissions["w"] = Everything()
	got.TopicPermissions["v"]["y"] = TopicPermission{}
	if again, _ := users.Get("ann"); !reflect.DeepEqual(again, ann) {
		t.Errorf("what was got changed the user: %+v", again)
	}
	if n := *users.Limits("ann").MaxConnections; n != 1 {
		t.Errorf("%d connections", n)
	}
	if users.Limits("nobody") != (Limits{}) {
		t.Error("nobody has limits")
	}
	if all := users.All(); len(all) != 2 || all[0].Name != "ann" || all[1].Name != "guest" {
		t.Errorf("all users are %+v", all)
	}
	if _, ok := users.Get("nobody"); ok {
		t.Error("got nobody")
	}
}

func TestAdmit(t *testing.T) {
	users := people(t, User{})
	for _, tt := range []struct {
		user, from string
		want       error
	}{
		{"ann", "192.0.2.7", nil},
		{"guest", "127.0.0.1", nil},
		{"guest", "192.0.2.7", ErrLoopback},
		{"nobody", "127.0.0.1", ErrNoUser},
	} {
		if _, err := NewRealm(users).Login(Login{User: tt.user, Proved: true, From: addr(tt.from)}); !errors.Is(err, tt.want) {
			t.Errorf("%s from %s: %v", tt.user, tt.from, err)
		}
	}
}

package session

import (
	"fmt"
	"testing"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/store"
)

// granted is a channel of a user with permissions in vhost v.
func granted(t testing.TB, p auth.Permission) (*channel, *auth.Users) {
	t.Helper()
	users := auth.NewUsers()
	if err := users.Put(auth.User{Name: "u", Permissions: map[string]auth.Permission{"v": p}}); err != nil {
		t.Fatal(err)
	}
	access, ok := users.Access("u", "v")
	if !ok {
		t.Fatal("no access")
	}
	v := vhost.New(vhost.Config{Name: "v", Store: store.NewMemory()})
	return &channel{s: &Session{log: zap.NewNop(), user: "u", vhost: v, access: access}}, users
}

// What was found out is remembered, for so many names, until permissions change.
func TestGrants(t *testing.T) {
	ch, users := granted(t, auth.Permission{Write: "^w", Read: "^w"})
	for round := range 3 {
		for i := range 2 * maxGrants {
			name := fmt.Sprint("w", i)
			if ch.mayExchange(auth.Write, name) != nil || ch.mayPublish([]byte(name)) != nil || ch.mayQueue(auth.Read, name) != nil {
				t.Fatalf("round %d: %s was refused", round, name)
			}
			if ch.mayQueue(auth.Configure, name) == nil || ch.mayQueue(auth.Read, "x"+name) == nil || ch.mayPublish([]byte("x"+name)) == nil {
				t.Fatalf("round %d: something was allowed", round)
			}
			if n := len(ch.grants.recent); n > maxGrants {
				t.Fatalf("%d grants are remembered", n)
			}
		}
	}
	if err := users.Put(auth.User{Name: "u", Permissions: map[string]auth.Permission{"v": {Write: "^x"}}}); err != nil {
		t.Fatal(err)
	}
	last := fmt.Sprint("w", 2*maxGrants-1)
	if ch.mayPublish([]byte(last)) == nil || ch.mayQueue(auth.Read, last) == nil {
		t.Error("what was taken away is still allowed")
	}
	if ch.mayPublish([]byte("x")) != nil {
		t.Error("what was given is refused")
	}
}

// The empty name is the default exchange's, and none that was published to before.
func TestGrantForTheDefaultExchange(t *testing.T) {
	ch, _ := granted(t, auth.Permission{Write: "^x"})
	if ch.mayPublish(nil) == nil {
		t.Error("the default exchange is allowed")
	}
	if ch.mayPublish([]byte("x")) != nil || ch.mayPublish(nil) == nil {
		t.Error("the default exchange is allowed after another")
	}
	ch, _ = granted(t, auth.Permission{Write: `^amq\.default$`})
	if ch.mayPublish(nil) != nil || ch.mayPublish([]byte("x")) == nil {
		t.Error("the default exchange is not amq.default")
	}
}

func TestMayPublishDoesNotAllocate(t *testing.T) {
	ch, _ := granted(t, auth.Everything())
	exchange := []byte("orders")
	if n := testing.AllocsPerRun(100, func() {
		if ch.mayPublish(exchange) != nil {
			t.Fatal("refused")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMayPublish(b *testing.B) {
	ch, _ := granted(b, auth.Everything())
	exchange := []byte("amq.topic")
	for b.Loop() {
		if ch.mayPublish(exchange) != nil {
			b.Fatal("refused")
		}
	}
}

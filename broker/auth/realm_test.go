package auth

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// oracle is a backend that knows some users by their passwords, and what they may
// do; it counts what it is asked.
type oracle struct {
	passwords map[string]string
	tags      []string
	may       map[Question]bool
	down      error
	asked     atomic.Int64
}

func (o *oracle) Login(l Login) ([]string, error) {
	o.asked.Add(1)
	switch password, ok := o.passwords[l.User]; {
	case o.down != nil:
		return nil, o.down
	case !ok || !l.Proved && l.Password != password:
		return nil, refusal(l.User, ErrPassword)
	}
	return o.tags, nil
}

func (o *oracle) Ask(q Question) error {
	o.asked.Add(1)
	switch {
	case o.down != nil:
		return o.down
	case !o.may[q]:
		return ErrRefused
	}
	return nil
}

// knowing returns users of whom one is.
func knowing(t *testing.T, u User) *Users {
	t.Helper()
	users := people(t, User{})
	if err := users.Put(u); err != nil {
		t.Fatal(err)
	}
	return users
}

func TestRealmTakesTheFirstRuleThatLetsIn(t *testing.T) {
	users := knowing(t, User{Name: "bob", PasswordHash: HashPassword("b"), Tags: []string{"own"}, Permissions: map[string]Permission{"v": Everything()}})
	away := &oracle{passwords: map[string]string{"ann": "a", "bob": "other", "guest": "g"}, tags: []string{"away"}}
	realm := NewRealm(users, Rule{"http", away, away}, Rule{"internal", Internal(users), Internal(users)})
	for _, tt := range []struct {
		user, password string
		tags           []string
		own            bool
	}{
		{"ann", "a", []string{"away"}, false},
		{"bob", "other", []string{"away"}, false},
		{"bob", "b", []string{"own"}, true},
	} {
		id, err := realm.Login(Login{User: tt.user, Password: tt.password, From: addr("127.0.0.1")})
		if err != nil || !slices.Equal(id.Tags, tt.tags) || realm.Own(id) != tt.own {
			t.Errorf("%s is %+v, %v", tt.user, id, err)
		}
	}
	_, err := realm.Login(Login{User: "eve", Password: "e"})
	if err == nil || !strings.Contains(err.Error(), "http: ") || !strings.Contains(err.Error(), "internal: ") {
		t.Errorf("eve: %v", err)
	}
	if _, err := realm.Login(Login{User: "guest", Password: "g", From: addr("192.0.2.7")}); !errors.Is(err, ErrLoopback) {
		t.Errorf("who may log in from here only is refused with %v", err)
	}
	if good, bad := users.Logins(); good != 3 || bad != 2 {
		t.Errorf("%d log-ins and %d refusals are counted", good, bad)
	}
	away.down = errors.New("down")
	if id, err := realm.Login(Login{User: "bob", Password: "b"}); err != nil || !realm.Own(id) {
		t.Errorf("when the first rule fails: %+v, %v", id, err)
	}
	if _, err := realm.Login(Login{User: "ann", Password: "a"}); err == nil {
		t.Error("a backend that is down lets in")
	}
}

func TestRightsThatAreKnownElsewhere(t *testing.T) {
	users := people(t, User{})
	away := &oracle{passwords: map[string]string{"ann": "a"}, tags: []string{"x", Impersonator}}
	realm := NewRealm(users, Rule{"http", away, away})
	id, err := realm.Login(Login{User: "ann", Password: "a", From: addr("192.0.2.7")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := realm.Enter(id, "v"); !errors.Is(err, ErrRefused) {
		t.Errorf("a virtual host that is not allowed: %v", err)
	}
	base := Question{User: "ann", Tags: "x impersonator", Peer: "192.0.2.7", VHost: "v"}
	with := func(right Right, on Resource) Question {
		q := base
		q.Right, q.On = right, on
		return q
	}
	queue, topic := Resource{Kind: Queue, Name: "q"}, Resource{Kind: Topic, Name: "x", Key: "k"}
	away.may = map[Question]bool{base: true, with(Read, queue): true, with(Write, topic): true}
	a, err := realm.Enter(id, "v")
	if err != nil {
		t.Fatal(err)
	}
	version := a.Version()
	if !a.Asks() || !a.Topics() || !a.Tagged(Impersonator) || a.Tagged(Administrator) || version == 0 {
		t.Errorf("the access is %+v", a)
	}
	if a.Check(Read, queue) != nil || a.CheckTopic(Write, "x", "k") != nil {
		t.Error("what is allowed is refused")
	}
	if a.Check(Read, Resource{Kind: Exchange, Name: "q"}) == nil || a.Check(Write, queue) == nil || a.CheckTopic(Write, "x", "other") == nil {
		t.Error("what nobody has allowed is not refused")
	}
	if err := users.Put(User{Name: "another"}); err != nil || a.Version() != version {
		t.Errorf("what changes here says something of users who are known elsewhere: %v", err)
	}
	away.down = errors.New("down")
	if err := a.Check(Read, queue); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("when nobody answers: %v", err)
	}
}

// One backend says who somebody is, the other what it may do.
func TestTwoBackendsInOneRule(t *testing.T) {
	users := knowing(t, User{Name: "bob", Tags: []string{"own"}, Permissions: map[string]Permission{"v": {Read: "^q$"}}})
	away := &oracle{passwords: map[string]string{"eve": "e", "bob": "b"}, tags: []string{Impersonator, "own"}}
	realm := NewRealm(users, Rule{"both", away, Internal(users)})
	if !realm.Asks() || NewRealm(users).Asks() {
		t.Error("it is not known who asks others")
	}
	id, err := realm.Login(Login{User: "bob", Password: "b"})
	if err != nil || !slices.Equal(id.Tags, []string{Impersonator, "own"}) {
		t.Fatalf("bob is %+v, %v", id, err)
	}
	a, err := realm.Enter(id, "v")
	if err != nil || a.Asks() || !a.Tagged(Impersonator) || a.Check(Read, Resource{Name: "q"}) != nil || a.Check(Read, Resource{Name: "r"}) == nil {
		t.Errorf("he may %+v, %v", a, err)
	}
	if _, err := realm.Login(Login{User: "eve", Password: "e"}); !errors.Is(err, ErrNoUser) {
		t.Errorf("who is not known to both: %v", err)
	}
	if _, err := realm.Enter(id, "w"); !errors.Is(err, ErrRefused) {
		t.Errorf("another virtual host: %v", err)
	}
}

func TestCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := Question{User: "ann", VHost: "v"}
		away := &oracle{passwords: map[string]string{"ann": "a"}, may: map[Question]bool{q: true}}
		no := Question{User: "ann", VHost: "w"}
		asked := func(what string, want int64) {
			t.Helper()
			if n := away.asked.Swap(0); n != want {
				t.Errorf("%s: the backend was asked %d times, want %d", what, n, want)
			}
		}
		c := NewCache(away, away, 10*time.Second, false)
		for range 3 {
			if _, err := c.Login(Login{User: "ann", Password: "a"}); err != nil || c.Ask(q) != nil {
				t.Fatalf("refused: %v", err)
			}
		}
		asked("what is allowed", 2)
		for range 2 {
			if _, err := c.Login(Login{User: "ann", Password: "b"}); err == nil || c.Ask(no) == nil {
				t.Error("what is refused is allowed")
			}
		}
		asked("refusals", 4)
		if _, err := c.Login(Login{User: "ann", Proved: true}); err != nil {
			t.Error(err)
		}
		asked("without a password", 1)
		time.Sleep(10 * time.Second)
		away.down = errors.New("down")
		if err := c.Ask(q); !errors.Is(err, away.down) {
			t.Errorf("when it is over: %v", err)
		}
		asked("what is over", 1)
		away.down = nil
		if c.Ask(q) != nil {
			t.Error("a failure is remembered")
		}
		c.Clear()
		if c.Ask(q) != nil {
			t.Error("refused")
		}
		asked("after it was cleared, within the time", 2)
		c = NewCache(away, away, 10*time.Second, true)
		away.asked.Store(0)
		for range 3 {
			if c.Ask(no) == nil {
				t.Error("what is refused is allowed")
			}
		}
		asked("refusals that are remembered", 1)
		for i := range maxCached + 10 {
			_ = c.Ask(Question{User: "ann", VHost: "v", On: Resource{Kind: Queue, Name: string(rune(i))}})
		}
		if len(c.answers) > maxCached {
			t.Errorf("%d answers are kept", len(c.answers))
		}
	})
}

func TestOwnUsersAsABackend(t *testing.T) {
	users := knowing(t, User{Name: "bob", Permissions: map[string]Permission{"v": {Read: "^q$"}},
		TopicPermissions: map[string]map[string]TopicPermission{"v": {"x": {Write: "^a"}}}})
	b := Internal(users)
	ask := func(right Right, on Resource) error {
		return b.Ask(Question{User: "bob", VHost: "v", Right: right, On: on})
	}
	if ask(Configure, Resource{}) != nil || ask(Read, Resource{Kind: Queue, Name: "q"}) != nil || ask(Write, Resource{Kind: Topic, Name: "x", Key: "ab"}) != nil {
		t.Error("what is allowed is refused")
	}
	if ask(Write, Resource{Kind: Queue, Name: "q"}) == nil || ask(Write, Resource{Kind: Topic, Name: "x", Key: "b"}) == nil || b.Ask(Question{User: "bob", VHost: "w"}) == nil {
		t.Error("what is not allowed is not refused")
	}
}

package management

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net"
	"sync"
	"time"

	"github.com/lepusmq/lepus/broker/auth"
)

// logins checks passwords. One that was right is remembered for a moment, by a keyed
// hash, so that a client that sends it with each request costs little; those who
// send wrong ones wait longer and longer. Its methods may be called from any
// goroutine.
type logins struct {
	// immutable
	broker interface {
		Login(user, password string, remote net.Addr) (u auth.User, kept bool, err error)
		User(name string) (auth.User, bool)
	}
	key []byte

	// guarded by mu
	mu     sync.Mutex
	passed map[[sha256.Size]byte]pass
	failed map[string]failures
}

// pass is a log-in that succeeded. If the broker keeps the user it counts as long as
// the user's hash is the same.
type pass struct {
	user  auth.User
	kept  bool
	until time.Time
}

// failures are log-ins that failed, from one address for one user.
type failures struct {
	n     int
	until time.Time // then they are forgotten
}

const (
	passFor = 5 * time.Second
	// failuresFree may fail without a delay. Each one more doubles the delay.
	failuresFree    = 5
	firstDelay      = 100 * time.Millisecond
	longestDelay    = 3 * time.Second
	failuresFor     = time.Minute
	maxPassed       = 1024
	maxFailed       = 4096
	maxNameInFailed = 256
)

func newLogins(b Broker) *logins {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // which never fails: it crashes the program instead
	return &logins{broker: b, key: key, passed: map[[sha256.Size]byte]pass{}, failed: map[string]failures{}}
}

// check returns the user who logs in. Its errors are those of the broker, and the
// context's if the client goes while it waits.
func (l *logins) check(ctx context.Context, name, password string, remote net.Addr) (auth.User, error) {
	if name == "" {
		return auth.User{}, auth.ErrNoUser
	}
	host := hostOf(remote)
	proof := l.proof(name, password, host)
	if u, ok := l.known(name, proof); ok {
		return u, nil
	}
	who := host + " " + name[:min(len(name), maxNameInFailed)]
	if err := pause(ctx, l.delay(who)); err != nil {
		return auth.User{}, err
	}
	u, kept, err := l.broker.Login(name, password, remote)
	if err != nil {
		l.noteFailed(who)
		return auth.User{}, err
	}
	l.notePassed(who, proof, pass{user: u, kept: kept, until: time.Now().Add(passFor)})
	return u, nil
}

// proof stands for a log-in from an address.
func (l *logins) proof(name, password, host string) (p [sha256.Size]byte) {
	h := hmac.New(sha256.New, l.key)
	for _, s := range []string{name, password, host} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	h.Sum(p[:0])
	return p
}

// known returns the user of a log-in that succeeded a moment ago, and would still.
func (l *logins) known(name string, proof [sha256.Size]byte) (auth.User, bool) {
	l.mu.Lock()
	was, ok := l.passed[proof]
	l.mu.Unlock()
	if !ok || time.Now().After(was.until) {
		return auth.User{}, false
	}
	if !was.kept {
		return was.user, true
	}
	u, ok := l.broker.User(name)
	return u, ok && u.PasswordHash == was.user.PasswordHash
}

func (l *logins) notePassed(who string, proof [sha256.Size]byte, p pass) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.failed, who)
	if len(l.passed) >= maxPassed {
		clear(l.passed)
	}
	l.passed[proof] = p
}

func (l *logins) noteFailed(who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if _, again := l.failed[who]; !again && len(l.failed) >= maxFailed {
		l.forget(now)
	}
	f := l.failed[who]
	if now.After(f.until) {
		f.n = 0
	}
	l.failed[who] = failures{n: f.n + 1, until: now.Add(failuresFor)}
}

// forget makes room: what is over, or else anything. Called with mu held.
func (l *logins) forget(now time.Time) {
	for who, f := range l.failed {
		if now.After(f.until) {
			delete(l.failed, who)
		}
	}
	for who := range l.failed {
		if len(l.failed) < maxFailed {
			return
		}
		delete(l.failed, who)
	}
}

// delay is how long who has failed must wait now.
func (l *logins) delay(who string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.failed[who]
	over := f.n - failuresFree
	if over < 0 || time.Now().After(f.until) {
		return 0
	}
	const most = 10 // doublings
	return min(firstDelay<<min(over, most), longestDelay)
}

// pause waits, unless the context ends first.
func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func hostOf(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.IP.String()
	}
	return ""
}

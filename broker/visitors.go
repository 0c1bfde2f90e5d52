package broker

import (
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/stats"
)

// visitors are users who have logged in to a view and are known elsewhere, by name:
// views say by a name who does something. All methods may be called from any
// goroutine.
type visitors struct {
	// guarded by mu
	mu  sync.Mutex
	all map[string]*auth.Identity
}

// maxVisitors is how many are remembered at most. One who is forgotten may do
// nothing until it logs in again.
const maxVisitors = 4096

func (v *visitors) put(id *auth.Identity) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.all == nil {
		v.all = map[string]*auth.Identity{}
	}
	for name := range v.all {
		if len(v.all) < maxVisitors {
			break
		}
		delete(v.all, name)
	}
	v.all[id.Name] = id
}

func (v *visitors) get(name string) *auth.Identity {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.all[name]
}

// accessOf returns what a user may do in a virtual host, by name. Where a user who
// is known elsewhere has the name of one of the broker's own, what is asked for must
// be allowed to both: a name does not say which of them it is.
func (b *Broker) accessOf(name, host string) ([]*auth.Access, error) {
	id := b.visitors.get(name)
	_, own := b.users.Get(name)
	var all []*auth.Access
	if id != nil {
		a, err := b.realm.Enter(id, host)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	if id == nil || own && !b.realm.Own(id) {
		a, ok := b.users.Access(name, host)
		if !ok {
			return nil, auth.ErrRefused
		}
		all = append(all, a)
	}
	return all, nil
}

// Login checks a user's password, as for a connection from the address remote, and
// returns the user. Of one who is known elsewhere it has the tags, and permissions
// in the virtual hosts that it may use, which say nothing else; kept is false then.
// The error says why it is refused, and is not for clients.
func (b *Broker) Login(name, password string, remote net.Addr) (u auth.User, kept bool, err error) {
	id, err := b.realm.Login(auth.Login{User: name, Password: password, From: remote})
	b.webLogins.count(err)
	if err != nil {
		return auth.User{}, false, err
	}
	u, own := b.users.Get(name)
	switch {
	case b.realm.Own(id) && len(id.Tags) == len(u.Tags):
		return u, true, nil
	case b.realm.Own(id):
		u.Tags = id.Tags // more of them than the broker itself knows
	case own:
		u = auth.User{Name: name, Tags: slices.DeleteFunc(slices.Clone(id.Tags), func(t string) bool { return !slices.Contains(u.Tags, t) })}
	default:
		u = auth.User{Name: name, Tags: id.Tags}
	}
	b.visitors.put(id)
	b.admitVisitor(&u)
	return u, false, nil
}

// admitVisitor finds out which virtual hosts a visitor may use. Those who see all of
// them anyway are not asked about.
func (b *Broker) admitVisitor(u *auth.User) {
	sees := func(tag string) bool { return tag == auth.Administrator || tag == "monitoring" }
	if slices.ContainsFunc(u.Tags, sees) {
		return
	}
	u.Permissions = map[string]auth.Permission{}
	for _, host := range b.VHosts() {
		if _, err := b.accessOf(u.Name, host); err == nil {
			u.Permissions[host] = auth.Permission{}
		}
	}
}

// User returns a user; ok is false if there is none of that name.
func (b *Broker) User(name string) (u auth.User, ok bool) { return b.users.Get(name) }

// logins counts attempts to log in.
type logins struct{ succeeded, failed atomic.Uint64 }

func (l *logins) count(err error) {
	if err == nil {
		l.succeeded.Add(1)
	} else {
		l.failed.Add(1)
	}
}

func (l *logins) counts() stats.Logins {
	return stats.Logins{Succeeded: l.succeeded.Load(), Failed: l.failed.Load()}
}

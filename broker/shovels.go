package broker

import (
	"fmt"
	"net"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/broker/parameter"
	"github.com/lepusmq/lepus/broker/session"
	"github.com/lepusmq/lepus/broker/shovel"
	"github.com/lepusmq/lepus/broker/stats"
)

// ErrNoShovel is a shovel that there is not.
var ErrNoShovel = shovel.ErrNoShovel

// Shovels returns the shovels of a virtual host, or of all if that is empty,
// sorted by virtual host and name. They are set and ended as parameters of the
// component shovel. Errors: ErrNoVHost.
func (b *Broker) Shovels(vhost string) ([]stats.Shovel, error) {
	if vhost != "" {
		if _, err := b.find(vhost); err != nil {
			return nil, err
		}
	}
	return b.shovels.List(vhost), nil
}

// RestartShovel has a shovel begin again, as if it had just been set. Errors:
// ErrNoShovel.
func (b *Broker) RestartShovel(vhost, name string) error {
	if err := b.shovels.Restart(vhost, name); err != nil {
		return fmt.Errorf("shovel %q in virtual host %q: %w", name, vhost, err)
	}
	return nil
}

// shovelHost is the broker as its shovels see it. It implements shovel.Host.
type shovelHost struct{ *Broker }

// Connect implements shovel.Host: no listener is asked, so that nobody else can
// come this way.
func (b *shovelHost) Connect() (net.Conn, error) {
	client, server, err := socketPair()
	if err != nil {
		return nil, fmt.Errorf("connect to this broker: %w", err)
	}
	b.serveSession(session.NewOwn(server, b.session.Load()), server)
	return client, nil
}

func (b *shovelHost) MayEnter(user, vhost string) bool {
	if _, err := b.find(vhost); err != nil {
		return false
	}
	_, err := b.accessOf(user, vhost)
	return err == nil
}

// Finished implements shovel.Host.
func (b *shovelHost) Finished(k parameter.Key, still func() bool) error {
	// Also while the broker stops: the store is open as long as there are shovels,
	// and one that has finished must not begin again.
	b.admin.Lock()
	defer b.admin.Unlock()
	if !still() {
		return nil
	}
	if err := b.forget(k); err != nil {
		return err
	}
	b.log.Info("parameter cleared", zap.String("component", k.Component), zap.String("vhost", k.VHost), zap.String("name", k.Name))
	b.shovels.Clear(k)
	return nil
}

func (b *shovelHost) ShovelState(vhost, name, state string) {
	if state == "" {
		b.emit("shovel.worker.removed", event.Text("name", name), event.Text("vhost", vhost))
		return
	}
	b.emit("shovel.worker.status", event.Text("name", name), event.Text("vhost", vhost), event.Text("status", state))
}

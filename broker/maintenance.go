package broker

import (
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/event"
)

// maintenanceReason is what events say of it, in RabbitMQ's words.
const maintenanceReason = "node is being put into maintenance"

// SuspendListeners lets no new client in until ResumeListeners; those who are
// connected stay, and the views go on, so that it can be ended by way of them. It is
// fine if it is so already.
func (b *Broker) SuspendListeners() error {
	b.log.Warn("client listeners are suspended: nobody can connect until they are resumed", zap.Int("listeners", len(b.doors)))
	var errs []error
	for _, d := range b.doors {
		errs = append(errs, d.shut())
	}
	return errors.Join(errs...)
}

// ResumeListeners ends SuspendListeners. The error names the listeners that cannot
// listen where they did, because somebody else does now: the others let clients in.
func (b *Broker) ResumeListeners() error {
	var errs []error
	for _, d := range b.doors {
		if err := d.reopen(); err != nil {
			errs = append(errs, fmt.Errorf("resume the %s listener at %s: %w", d.protocol, d.Addr(), err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	b.log.Info("client listeners are resumed", zap.Int("listeners", len(b.doors)))
	return nil
}

// Drain puts the broker into maintenance: no client is let in, and those who are
// connected are told to go (320). It returns how many these are and does not wait
// until they have. What the broker connects to itself for, such as shovels, goes on. A
// broker that starts is in no maintenance.
func (b *Broker) Drain() (closed int, err error) {
	b.log.Warn("going into maintenance")
	if err := b.SuspendListeners(); err != nil {
		return 0, err
	}
	gone := b.sessions.drain()
	for _, s := range gone {
		s.Close(amqp.Forced("Node was put into maintenance mode"))
	}
	b.emit("maintenance.connections.closed", event.Text("reason", maintenanceReason))
	b.emit("maintenance.draining", event.Text("reason", maintenanceReason))
	b.log.Warn("in maintenance: ready to be stopped", zap.Int("connections closed", len(gone)))
	return len(gone), nil
}

// Revive ends Drain, and SuspendListeners. Errors are those of ResumeListeners, and
// leave the broker in maintenance.
func (b *Broker) Revive() error {
	b.sessions.revive()
	if err := b.ResumeListeners(); err != nil {
		b.sessions.drain()
		return err
	}
	b.emit("maintenance.revived")
	b.log.Info("back from maintenance")
	return nil
}

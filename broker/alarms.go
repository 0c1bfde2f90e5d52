package broker

import (
	"strings"
	"sync"

	"go.uber.org/zap"
)

// Alarm is a shortage during which connections that publish are blocked.
type Alarm uint8

// The alarms, as bits of a set.
const (
	MemoryAlarm Alarm = 1 << iota
	DiskAlarm
)

// String returns what clients are told in connection.blocked; it is empty
// when there is no alarm.
func (a Alarm) String() string {
	var reasons []string
	if a&MemoryAlarm != 0 {
		reasons = append(reasons, "low on memory")
	}
	if a&DiskAlarm != 0 {
		reasons = append(reasons, "low on disk")
	}
	return strings.Join(reasons, " & ")
}

// alarms are those that are on.
type alarms struct {
	// mu is held while sessions are told, so that the last word they get is
	// the last that was said.
	mu sync.Mutex
	on Alarm
}

// SetAlarm raises or clears an alarm. Connections that publish while any is
// on are blocked until all are cleared. It may be called from any goroutine.
func (b *Broker) SetAlarm(a Alarm, on bool) {
	b.alarms.mu.Lock()
	defer b.alarms.mu.Unlock()
	was := b.alarms.on
	if on {
		b.alarms.on |= a
	} else {
		b.alarms.on &^= a
	}
	if b.alarms.on == was {
		return
	}
	b.alarmChanged(was, b.alarms.on)
	reason := b.alarms.on.String()
	if reason == "" {
		b.log.Info("alarms cleared, publishers may go on")
	} else {
		b.log.Warn("alarm, publishers are blocked", zap.String("reason", reason))
	}
	for _, s := range b.sessions.all() {
		s.Block(reason)
	}
}

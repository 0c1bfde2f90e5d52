package broker

import (
	"time"

	"go.uber.org/zap"
)

// How operators are told of queues that grow: those with as many messages, looked
// at every so often, that have grown and had no consumer each of so many times. The
// same queue is not named again for a while.
const (
	largeBacklog    = 100_000
	backlogDelay    = 5 * time.Minute
	backlogPatience = 3
	backlogAgain    = time.Hour
	// maxBacklogs bounds how many queues are remembered.
	maxBacklogs = 1000
)

// backlogs remembers the queues that grow without a consumer. It belongs to one
// goroutine.
type backlogs struct {
	looked time.Time
	queues map[backlogKey]backlog
}

type backlogKey struct{ vhost, queue string }

type backlog struct {
	ready, grown int
	warned       time.Time
	seen         bool // in the look under way
}

// lookAtBacklogs warns of queues that grow and that nobody consumes from, if it is
// time to.
func (b *Broker) lookAtBacklogs(l *backlogs, now time.Time) {
	if now.Sub(l.looked) < backlogDelay {
		return
	}
	l.looked = now
	log := b.log.Named("queue")
	for _, h := range b.residents.all() {
		h.EachBacklog(largeBacklog, func(queue string, ready, consumers int) {
			if consumers == 0 && l.grows(backlogKey{h.Name(), queue}, ready, now) {
				log.Warn("queue grows and has no consumers: start some, bound it (max-length, message-ttl), or unbind it if it is not needed",
					zap.String("queue", queue), zap.String("vhost", h.Name()), zap.Int("messages", ready))
			}
		})
	}
	l.forget()
}

// grows notes how long a queue without consumers is, and says whether it is time
// to warn of it.
func (l *backlogs) grows(k backlogKey, ready int, now time.Time) bool {
	was, known := l.queues[k]
	if !known && len(l.queues) >= maxBacklogs {
		return false
	}
	is := backlog{ready: ready, warned: was.warned, seen: true}
	if known && ready > was.ready {
		is.grown = was.grown + 1
	}
	warn := is.grown >= backlogPatience && (is.warned.IsZero() || now.Sub(is.warned) >= backlogAgain)
	if warn {
		is.warned = now
	}
	if l.queues == nil {
		l.queues = map[backlogKey]backlog{}
	}
	l.queues[k] = is
	return warn
}

// forget leaves out the queues that were not seen in this look.
func (l *backlogs) forget() {
	for k, q := range l.queues {
		if !q.seen {
			delete(l.queues, k)
			continue
		}
		q.seen = false
		l.queues[k] = q
	}
}

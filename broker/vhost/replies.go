package vhost

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"sync"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/queue"
)

// ReplyQueue is the name from which a channel consumes to get direct replies,
// and which it gives as reply-to in its requests. There is no such queue: what
// is published to the address that the requests then bear goes straight to the
// channel.
const ReplyQueue = "amq.rabbitmq.reply-to"

// Replier is a requester: who consumes direct replies. Its methods may be
// called from any goroutine and must not block.
type Replier interface {
	// Reply takes a reply. The message is the caller's; it is valid for the call.
	Reply(m *queue.Message)
	// Flush sends the replies that were taken.
	Flush()
}

// replies are the requesters of a vhost by their addresses, which nobody can
// guess.
type replies struct {
	mu sync.RWMutex
	to map[string]Replier // guarded by mu
}

// An address is replyPrefix and a secret of so many bytes, in base64.
const (
	replyPrefix  = ReplyQueue + "."
	secretLen    = 16
	secretAsText = (secretLen*8 + 5) / 6
)

// AddReplier takes in a requester and returns its address, until
// [VHost.RemoveReplier].
func (v *VHost) AddReplier(r Replier) (address string) {
	var secret [secretLen]byte
	rand.Read(secret[:]) // never fails
	address = replyPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	v.replies.mu.Lock()
	defer v.replies.mu.Unlock()
	if v.replies.to == nil {
		v.replies.to = map[string]Replier{}
	}
	v.replies.to[address] = r
	return address
}

// RemoveReplier ends an address. A reply that is on its way may still come.
func (v *VHost) RemoveReplier(address string) {
	v.replies.mu.Lock()
	defer v.replies.mu.Unlock()
	delete(v.replies.to, address)
}

// IsReplyQueue says whether the name of a queue begins like that of the reply
// queue. There are no such queues.
func IsReplyQueue(name string) bool { return strings.HasPrefix(name, ReplyQueue) }

// find returns the requester of an address, and nil if it is none. One that
// has been an address, or might have been, has a requester that hears nothing.
func (r *replies) find(address []byte) Replier {
	if len(address) != len(replyPrefix)+secretAsText || string(address[:len(replyPrefix)]) != replyPrefix {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if to, ok := r.to[string(address)]; ok {
		return to
	}
	return gone{}
}

// gone is a requester that does not wait for its replies any more.
type gone struct{}

func (gone) Reply(*queue.Message) {}
func (gone) Flush()               {}

// declareReplyQueue answers the declaration of a queue whose name begins like
// that of the reply queue: how clients ask whether there are direct replies,
// and responders whether somebody waits for theirs.
func (v *VHost) declareReplyQueue(name string) (QueueInfo, error) {
	to := v.replies.find([]byte(name))
	if name == ReplyQueue || to != nil && to != (gone{}) {
		return QueueInfo{Name: name, Consumers: 1}, nil
	}
	return QueueInfo{}, amqp.NoQueue(v.name, name)
}

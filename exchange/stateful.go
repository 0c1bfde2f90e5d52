package exchange

import (
	"strconv"

	"github.com/lepusmq/lepus/amqp"
)

// Types of exchange that route like a fanout exchange and remember messages. What
// they remember is its owner's business.
const (
	// RecentHistory sends the last messages to each queue that is bound.
	RecentHistory = "x-recent-history"
	// Deduplication lets each message through once.
	Deduplication = "x-message-deduplication"
)

// Gate is asked at every exchange that remembers messages, before it routes one.
// It belongs to whoever routes.
type Gate interface {
	// Pass reports whether the message goes on there; if it does not, the exchange
	// has no binding for it. The result has its headers, see [Result.Header].
	Pass(x *Exchange, r *Result) bool
}

// remembers reports whether the exchange is of a type that remembers messages.
func (x *Exchange) remembers() bool {
	switch x.Routing() {
	case RecentHistory, Deduplication:
		return true
	}
	return false
}

// pass reports whether the message goes on at an exchange that remembers.
func (r *Result) pass(x *Exchange) bool {
	r.once = true
	return r.Gate == nil || r.Gate.Pass(x, r)
}

// The arguments of such exchanges.
const (
	historyLength    = "x-recent-history-length"
	cacheSize        = "x-cache-size"
	cacheTTL         = "x-cache-ttl"
	cachePersistence = "x-cache-persistence"
)

// defaultHistory is how many messages an exchange sends to a new queue that does
// not say.
const defaultHistory = 20

// HistoryLength returns how many messages a recent history exchange sends to a
// queue that is bound.
func (x *Exchange) HistoryLength() int {
	if v, ok := x.Arguments.Get(historyLength); ok {
		n, _ := v.Int()
		return int(n)
	}
	return defaultHistory
}

func checkHistory(args amqp.Table) error {
	v, ok := args.Get(historyLength)
	if n, isInt := v.Int(); ok && (!isInt || n < 0) {
		return amqp.BadHistoryLength(v)
	}
	return nil
}

// Cache says what a deduplication exchange remembers.
type Cache struct {
	Size int   // keys at most
	TTL  int64 // milliseconds for each, if the message does not say; 0 is for ever
	Disk bool  // over a restart, too
}

// Cache returns what a deduplication exchange remembers.
func (x *Exchange) Cache() Cache {
	size, _ := positive(x.Arguments, cacheSize)
	ttl, _ := positive(x.Arguments, cacheTTL)
	v, _ := x.Arguments.Get(cachePersistence)
	kept, _ := v.Str()
	return Cache{Size: int(size), TTL: ttl, Disk: kept == "disk"}
}

// positive returns an argument that is an integer above 0, or such a string.
func positive(args amqp.Table, key string) (int64, bool) {
	v, _ := args.Get(key)
	n, ok := v.Int()
	if s, isText := v.Str(); isText {
		var err error
		n, err = strconv.ParseInt(s, 10, 64)
		ok = err == nil
	}
	return n, ok && n > 0
}

func checkCache(args amqp.Table) error {
	if _, ok := positive(args, cacheSize); !ok {
		return amqp.BadCacheSize()
	}
	if _, asked := args.Get(cacheTTL); asked {
		if _, ok := positive(args, cacheTTL); !ok {
			return amqp.BadCacheTTL()
		}
	}
	if v, asked := args.Get(cachePersistence); asked {
		if s, _ := v.Str(); v.Tag() != amqp.String("").Tag() || s != "disk" && s != "memory" {
			return amqp.BadCachePersistence()
		}
	}
	return nil
}

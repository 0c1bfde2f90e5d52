package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/amqp"
	"github.com/lepusmq/lepus/broker/auth"
	"github.com/lepusmq/lepus/broker/event"
	"github.com/lepusmq/lepus/broker/management"
	"github.com/lepusmq/lepus/broker/parameter"
	"github.com/lepusmq/lepus/broker/session"
	"github.com/lepusmq/lepus/broker/shovel"
	"github.com/lepusmq/lepus/broker/vhost"
	"github.com/lepusmq/lepus/queue"
	"github.com/lepusmq/lepus/store"
	"github.com/lepusmq/lepus/store/vfs"
)

// ErrDamaged is what [Broker.Start] fails with when something is gone that was
// once safely kept, see [Config.AcceptLogLoss].
var ErrDamaged = store.ErrDamaged

// Broker is a message broker. [New] makes one, [Broker.Start] lets clients
// in, [Broker.Shutdown] ends it for good. After Start all methods may be
// called from any goroutine.
type Broker struct {
	// immutable after New
	cfg   Config
	log   *zap.Logger
	users *auth.Users
	// realm lets users in. It is the broker's own users, and misconfigured says why,
	// if the configuration is no good.
	realm         authority
	misconfigured error
	begun         time.Time
	files         *vfs.Counted // of the store and the overflow

	// immutable after Start
	store    store.Store
	overflow *store.Volatile // nil without a data folder
	budget   *queue.Budget
	clock    *queue.Clock
	doors    []*door // of clients
	certs    brokerCerts

	management view
	prometheus view

	arrivals  arrivals
	sessions  sessions
	residents *residents
	ceiling   *vhost.Ceiling
	alarms    alarms
	memory    *memoryWatch
	accepting sync.WaitGroup
	watching  sync.WaitGroup

	// The broker's life: started is closed when Start has ended, well or not;
	// failed when the store has failed. stop starts the teardown, stopping is
	// closed when it begins and done when it has ended.
	started  chan struct{}
	failed   chan struct{}
	failure  sync.Once
	stop     sync.Once
	stopping chan struct{}
	done     chan struct{}

	// admin is held by whoever changes users and virtual hosts, until the change
	// is durable.
	admin   sync.Mutex
	userIDs map[string]uint64 // guarded by admin: of the definitions
	// importing is held by whoever imports definitions.
	importing sync.Mutex

	visitors   visitors
	events     *event.Sink
	watched    watched
	parameters parameters
	shovels    *shovel.Shovels
	// webLogins are those of the management API.
	webLogins logins
	// properties are what clients are told of the broker.
	properties atomic.Pointer[amqp.Table]
	// session is how clients are served that connect from now on.
	session atomic.Pointer[session.Config]

	// guarded by mu
	mu    sync.Mutex
	err   error
	local *management.Server // of LocalAPI, unless the API is served anyway
}

// New returns a broker that does not run yet and holds no resources.
func New(cfg Config) *Broker {
	cfg = cfg.withDefaults()
	b := &Broker{
		cfg:      cfg,
		log:      cfg.Log,
		begun:    time.Now(),
		files:    vfs.Count(vfs.OS{}),
		users:    auth.NewUsers(cfg.LoopbackUsers...),
		userIDs:  make(map[string]uint64),
		budget:   queue.NewBudget(cfg.MemoryLimit),
		events:   event.NewSink(),
		started:  make(chan struct{}),
		failed:   make(chan struct{}),
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
	}
	b.shovels = shovel.New(&shovelHost{b}, cfg.Log.Named("shovel"))
	b.parameters = parameters{
		components: map[string]parameter.Component{shovel.Component: b.shovels},
		all:        map[parameter.Key]kept{},
	}
	b.memory = newMemoryWatch(&cfg, func(on bool) { b.SetAlarm(MemoryAlarm, on) })
	b.ceiling = &vhost.Ceiling{Count: func() (int, int) { return b.residents.objects() }}
	b.setCeiling(&cfg)
	b.realm, b.misconfigured = cfg.Auth.open(b.users)
	b.residents = newResidents(&cfg, b.users)
	limits := session.NewLimits(cfg.MemoryLimit)
	limits.TellFloods(cfg.FloodNews)
	b.session.Store(b.sessionConfig(&cfg, limits))
	return b
}

// Start opens the store, brings back what it holds and lets clients in. It is
// called once. When it fails nothing is left open.
func (b *Broker) Start() error {
	err := b.start()
	close(b.started)
	if err != nil {
		b.setErr(err)
		return b.Shutdown(context.Background())
	}
	b.sayStarted()
	return nil
}

// sayStarted logs that everybody may come, in the words that scripts and test
// fixtures wait for.
func (b *Broker) sayStarted() {
	var listeners []string
	for _, d := range b.allDoors() {
		listeners = append(listeners, d.protocol+"://"+d.Addr().String())
	}
	plugins := b.Plugins()
	b.log.Info(fmt.Sprintf("Server startup complete; %d plugins started.", len(plugins)),
		zap.Strings("listeners", listeners), zap.Strings("plugins", plugins))
}

func (b *Broker) start() error {
	if err := b.check(); err != nil {
		return err
	}
	b.memory.begin()
	if b.memory.watches() {
		b.watching.Go(func() { b.memory.run(b.stopping) })
	}
	b.clock = queue.NewClock()
	b.watching.Go(b.tellTime)
	if err := b.openStore(); err != nil {
		return err
	}
	if err := b.restore(); err != nil {
		return err
	}
	if err := b.loadDefinitions(); err != nil {
		return err
	}
	if err := b.openDoors(); err != nil {
		return err
	}
	b.watching.Go(b.watchAcks)
	b.watching.Go(b.relayEvents)
	if b.cfg.LogRecords != nil {
		b.watching.Go(b.relayLog)
	}
	b.startParameters()
	for _, d := range b.doors {
		b.accepting.Go(func() { accept(d, b.log, b.stopping, func(conn net.Conn) { b.enter(d, conn) }) })
	}
	b.management.start(&b.cfg.Management, b)
	b.prometheus.start(&b.cfg.Prometheus, b)
	return nil
}

func (b *Broker) openStore() error {
	if b.cfg.DataDir == "" {
		b.store = store.NewMemory()
		return nil
	}
	opened, err := store.Open(store.Options{
		Dir: b.cfg.DataDir, FS: b.files,
		AcceptLogLoss: b.cfg.AcceptLogLoss,
		DiskLow:       b.cfg.DiskFreeLimit,
		OnFail:        b.storeFailed,
		OnDisk:        func(low bool) { b.SetAlarm(DiskAlarm, low) },
		OnLoss:        func(err error) { b.log.Error("accepted as lost", zap.Error(err)) },
		OnDamage:      func(err error) { b.log.Error("damaged, passed over", zap.Error(err)) },
	})
	if errors.Is(err, store.ErrInUse) {
		return fmt.Errorf("data folder %s is in use by another broker", b.cfg.DataDir)
	}
	if err != nil {
		return fmt.Errorf("open data folder %s: %w", b.cfg.DataDir, err)
	}
	b.store = opened
	b.overflow = store.NewVolatile(store.Options{
		Dir: filepath.Join(b.cfg.DataDir, overflowDir), FS: b.files,
		OnFail:   b.storeFailed,
		OnDamage: func(err error) { b.log.Error("damaged, messages are lost", zap.Error(err)) },
	})
	if err := b.overflow.Clear(); err != nil {
		return fmt.Errorf("clear the overflow: %w", err)
	}
	return nil
}

// overflowDir is where in the data folder messages go that are not kept, when
// there are too many for the memory.
const overflowDir = "overflow"

// Addr returns the first address that clients can connect to, without TLS if
// there is one; nil if nobody can.
func (b *Broker) Addr() net.Addr {
	if len(b.doors) == 0 {
		return nil
	}
	return b.doors[0].Addr()
}

// Addrs returns all addresses that clients can connect to, in the order of
// Config.Listen, Config.ListenTLS and Config.ListenUnix. [Broker.Listeners] has the views, too.
func (b *Broker) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(b.doors))
	for i, d := range b.doors {
		addrs[i] = d.Addr()
	}
	return addrs
}

// URL returns what a client on this machine connects with as the user that a
// new broker has; it is empty if no client can, or by a Unix socket only.
func (b *Broker) URL() string {
	if len(b.doors) == 0 || b.doors[0].network == "unix" {
		return ""
	}
	scheme := "amqp"
	if b.doors[0].certs != nil {
		scheme = "amqps"
	}
	u := url.URL{
		Scheme: scheme, User: url.UserPassword(defaultUser, defaultPassword),
		Host: reachable(b.Addr()), Path: "/",
	}
	return u.String()
}

// reachable returns the host and port at which a listener is found from this
// machine.
func reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	return a.String()
}

// Check reports what is inconsistent in the broker; nil is as it should be.
// It is meant for tests and takes time in proportion to what the broker holds.
func (b *Broker) Check() error {
	var errs []error
	for _, h := range b.residents.all() {
		if err := h.Check(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Done is closed when the broker has ended: after [Broker.Shutdown], or by
// itself because its store has failed.
func (b *Broker) Done() <-chan struct{} { return b.done }

// Err returns why the broker could not go on, nil if it could.
func (b *Broker) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// storeFailed is called by the store, or by the overflow, when it can write no
// more. What it could not write must not be confirmed, so the broker ends.
func (b *Broker) storeFailed(err error) {
	b.log.Error("the store has failed, the broker stops", zap.Error(err))
	b.setErr(fmt.Errorf("store failed: %w", err))
	b.failure.Do(func() { close(b.failed) })
	go func() {
		<-b.started
		// A teardown that has begun already is no error: it ends the broker, too.
		_ = b.Shutdown(context.Background())
	}()
}

// setErr keeps the first thing that went wrong; what follows from it is only
// logged.
func (b *Broker) setErr(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
	}
}

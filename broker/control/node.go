package control

import (
	"context"
	"errors"
	"net/http"

	"github.com/lepusmq/lepus/broker/lines"
)

// What a node may fail with; other errors are its own trouble.
var (
	ErrStopped  = errors.New("this command requires the 'rabbit' app to be running on the target node. Start it with 'rabbitmqctl start_app'")
	ErrRunning  = errors.New("this command requires the 'rabbit' app to be stopped on the target node. Stop it with 'rabbitmqctl stop_app'")
	ErrRefused  = errors.New("invalid credentials")
	ErrArgument = errors.New("bad argument")
	// ErrLocal is for what would end the way by which it was asked for.
	ErrLocal = errors.New("this can be done on the broker's machine only, over the socket in its data folder: over the network nobody could start it again")
)

// State is where a broker is in its life.
type State string

// The states.
const (
	Starting State = "starting"
	Running  State = "running"
	Stopped  State = "stopped"
)

// Info is what a node says of itself.
type Info struct {
	Name    string `json:"name"`
	PID     int    `json:"pid"`
	State   State  `json:"state"`
	DataDir string `json:"data_dir"`
}

// SizeClass is how many messages had bodies of up to a size, and more than that of
// the class before.
type SizeClass struct {
	Most     int    `json:"most"` // in bytes; 0 is any
	Messages uint64 `json:"messages"`
}

// Threshold is an amount of bytes, or a share of the memory that there is.
type Threshold struct {
	Absolute int64   `json:"absolute"`
	Relative float64 `json:"relative"`
}

// Node is a process with a broker in it, as its administrator can handle it. All
// methods may be called from any goroutine.
type Node interface {
	Info() Info
	// Environment returns the settings in effect, by name.
	Environment() map[string]any
	// API returns the management API of the broker, for an administrator; nil while
	// it does not run.
	API() http.Handler

	// Stop has the process end in order, and returns at once.
	Stop()
	// StopApp ends the broker and returns when it has ended, StartApp starts it and
	// returns when it serves. It is fine if it is so already.
	StopApp() error
	StartApp() error
	// Reset deletes all that the broker holds. Error: ErrRunning.
	Reset() error

	// SuspendListeners lets no new client in until ResumeListeners. Drain also has
	// those go who are there, until Revive, and returns how many. Error: ErrStopped.
	SuspendListeners() error
	ResumeListeners() error
	Drain() (closed int, err error)
	Revive() error

	// MessageSizes counts what was published since the broker's start. Error:
	// ErrStopped.
	MessageSizes() ([]SizeClass, error)

	// Log is the last lines of the log.
	Log() *lines.Tail
	// WatchEvents gives what happens in the broker to each, as lines of JSON, until ctx
	// or the broker ends. Errors: ErrStopped, lines.ErrTooMany, that of each.
	WatchEvents(ctx context.Context, each func(lines []string) error) error

	// ClearAuthCache has other systems asked anew who users are. Error: ErrStopped.
	ClearAuthCache() error

	// These change the broker until it is started again. Errors: ErrStopped,
	// ErrArgument.
	SetMemoryHighWatermark(Threshold) error
	SetDiskFreeLimit(Threshold) error
	SetAlarm(name string, on bool) error
	SetChannelMax(n int) error
	SetLoopbackUsers(names []string) error
	SetLogLevel(level string) error

	// Login tries a password. Errors: ErrRefused, ErrStopped.
	Login(name, password string) error
}

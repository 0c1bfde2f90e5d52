package control

import (
	"errors"
	"net/http"
)

// What a node may fail with; other errors are its own trouble.
var (
	ErrStopped  = errors.New("this command requires the 'rabbit' app to be running on the target node. Start it with 'rabbitmqctl start_app'")
	ErrRunning  = errors.New("this command requires the 'rabbit' app to be stopped on the target node. Stop it with 'rabbitmqctl stop_app'")
	ErrRefused  = errors.New("invalid credentials")
	ErrArgument = errors.New("bad argument")
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

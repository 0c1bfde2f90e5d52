// Package vhost is a virtual host: its exchanges, queues and bindings, how they
// are declared, deleted and brought back after a restart, and where a message
// that is published goes.
//
// Changes are made under one lock, routing needs none: it reads an immutable
// [exchange.Graph]. What must survive a restart is given to the store before it
// becomes visible, and answered when it is durable.
package vhost

// Package integration holds the black-box tests: everything they know of a broker is its address.
//
// With AMQP_URL set they run against the broker found there, RabbitMQ included; without it each test starts a broker of
// its own (see broker_test.go). Most tests speak through amqp091-go; those in files named wire_*_test.go speak in single
// frames, because what they send no client library would. Tests about processes (restart, crash) build the lepus binary
// and run only against it.
//
// Every test names what it makes uniquely and removes it, so that the suite can share a broker with others and leaves
// nothing behind. Where RabbitMQ 3.10, the oldest broker this suite is run against, differs from the 4.x behaviour that
// LepusMQ follows, the test says so in one line.
package integration

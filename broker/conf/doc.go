// Package conf reads the configuration of a broker: files in the syntax of
// rabbitmq.conf, environment variables and flags, all of which set keys of one
// table. [Keys] is that table; the parser, `lepus config` and REFERENCE.md are
// made from it.
//
// A flag counts before an environment variable, that before a file, and a file
// before the default.
package conf

//go:generate go run ./internal/gen

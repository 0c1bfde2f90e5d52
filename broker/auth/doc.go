// Package auth keeps the users of a broker: who they are, how their passwords
// are checked, and which virtual hosts they may use.
//
// Passwords are kept as RabbitMQ keeps them, so that its exported definitions
// can be taken over and users need no new passwords.
package auth

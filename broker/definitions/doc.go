// Package definitions reads and writes RabbitMQ's definitions files: users, virtual
// hosts, permissions, parameters, policies and topology as JSON
// (https://www.rabbitmq.com/docs/definitions). It takes the files of 3.10 and of 4.x,
// of a whole broker and of one virtual host.
//
// An import adds and changes, and deletes nothing. It happens as a whole or not at
// all: everything is checked before anything is done, and the error names the place
// in the file.
package definitions

// Package management is RabbitMQ's management API over HTTP: JSON below /api, and
// the page that people use in a browser.
//
// It is a view. What it shows and changes it asks of [Broker], of which it keeps
// nothing but samples, so that it can tell rates. Paths, codes, texts and the names
// of fields are RabbitMQ's (https://www.rabbitmq.com/docs/http-api-reference), so
// that the tools made for it work unchanged.
package management

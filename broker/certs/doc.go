// Package certs is TLS as an operator sees it: files with certificates and keys
// that are loaded, checked, and loaded anew when they change; versions and
// ciphers by the names that RabbitMQ, OpenSSL and IANA give them; and the user
// whose name a client's certificate bears.
package certs

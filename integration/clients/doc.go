// Package clients tests a broker with clients in other languages: Python's pika and Node's amqplib, a publisher and a
// worker each. Every publisher's messages are worked off by every worker. install.sh installs the clients; what is
// missing is skipped with a line that says so.
package clients

// Package amqp is the AMQP 0-9-1 wire: frames, methods, field tables, content
// properties and reply codes, as RabbitMQ speaks them.
//
// Encoders append to a byte slice and return it: [AppendMethod],
// [AppendHeader], [AppendBody]. Decoders work on the bytes of the read buffer:
// [ParseFrame], then [ParseMethod] and [DecodeMethod], or [ParseHeader] and
// [CheckProperties]. What is "borrowed" points into that buffer and is valid
// until its owner reuses it. Nothing here reads or writes a connection, keeps
// state or starts goroutines; a value may be used by one goroutine at a time.
//
// What a peer does wrong is an [*Error] with the reply code and the text that
// RabbitMQ sends; replies.go and its neighbours have one constructor for each.
package amqp

//go:generate go run ./internal/gen -o methods_gen.go

// Gen writes the AMQP methods as Go: a struct for each, with its encoder and
// its decoder. Its source is the specification file that the RabbitMQ client
// library ships, and extra.xml for what that lacks.
package main

import (
	"flag"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	out := flag.String("o", "methods_gen.go", "file to write")
	flag.Parse()
	src, err := generate()
	if err != nil {
		log.Fatal("gen: ", err)
	}
	if err := os.WriteFile(*out, src, 0o644); err != nil {
		log.Fatal("gen: ", err)
	}
}

// generate returns the generated file.
func generate() ([]byte, error) {
	s, err := readSpec()
	if err != nil {
		return nil, err
	}
	return emit(s)
}

// Command gen writes the reference of the configuration.
package main

import (
	"fmt"
	"os"

	"github.com/lepusmq/lepus/broker/conf"
)

func main() {
	if err := os.WriteFile("REFERENCE.md", []byte(conf.Reference()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

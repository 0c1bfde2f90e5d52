package ctl

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"strings"
)

func secretCommands() []*command {
	return []*command{
		{
			name: "hash_password", tools: Ctl, group: "Users", args: "[<password>]", max: 1,
			doc: "Prints the hash of a password, for definitions; without one it is read from standard input",
			run: hashPassword,
		},
		algorithms("list_ciphers", "Lists the ciphers of encode", "Listing supported ciphers ...", cipherNames),
		algorithms("list_hashes", "Lists the hash functions of encode", "Listing supported hash algorithms ...", hashNames),
		{
			name: "cipher_suites", tools: Diagnostics, group: monitoringGroup,
			flags:  []flag{{name: "format", value: true, doc: "ignored: there is one"}, {name: "all", doc: "ignored: all that are offered are listed"}},
			doc:    "Lists the cipher suites that TLS clients are offered",
			banner: func(*call) string { return "Listing available cipher suites" },
			run: func(context.Context, *call) (any, error) {
				var names []string
				for _, s := range tls.CipherSuites() {
					names = append(names, s.Name)
				}
				return report{text: strings.Join(names, "\n"), value: names}, nil
			},
		},
		{
			name: "tls_versions", tools: Diagnostics, group: monitoringGroup,
			doc:    "Lists the TLS versions that may be configured",
			banner: func(*call) string { return "Listing all TLS versions supported by the runtime..." },
			run: func(context.Context, *call) (any, error) {
				versions := []string{"tlsv1.3", "tlsv1.2"}
				return report{text: strings.Join(versions, "\n"), value: versions}, nil
			},
		},
	}
}

func algorithms(name, doc, banner string, names func() []string) *command {
	return &command{
		name: name, tools: Ctl | Diagnostics, group: monitoringGroup, doc: doc,
		banner: func(*call) string { return banner },
		run: func(_ context.Context, c *call) (any, error) {
			return report{text: "[" + strings.Join(names(), ",") + "]", value: c.okay(names())}, nil
		},
	}
}

// hashPassword hashes as RabbitMQ does: four bytes of salt, then SHA-256 of salt
// and password, in base64. It needs no broker.
func hashPassword(_ context.Context, c *call) (any, error) {
	password := ""
	if len(c.args) == 1 {
		password = c.args[0]
	} else {
		line, _ := bufio.NewReader(c.stdin).ReadString('\n')
		password = strings.TrimRight(line, "\r\n")
	}
	if password == "" {
		return nil, fail(exitData, "Password is not provided via argument or stdin")
	}
	hash := make([]byte, 4, 4+sha256.Size)
	rand.Read(hash)
	sum := sha256.Sum256(append(hash[:4:4], password...))
	return base64.StdEncoding.EncodeToString(append(hash, sum[:]...)), nil
}

package ctl

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/ctl/erlang"
)

// confPrefix is what encrypted values begin with in rabbitmq.conf.
const confPrefix = "encrypted:"

const notDecrypted = "Failed to decrypt the value. Things to check: is the passphrase correct? " +
	"Are the cipher and hash algorithms the same as those used for encryption?"

// encryptCommands encrypt and decrypt settings. They need no broker.
func encryptCommands() []*command {
	encryption := func(name, doc, banner string, run func(*call, *passwordCipher, string) (any, error)) *command {
		return &command{
			name: name, tools: Ctl, group: "Configuration and Environment", max: 2, check: checkEncryption, doc: doc,
			args: "value passphrase [--cipher <cipher>] [--hash <hash>] [--iterations <iterations>]",
			flags: []flag{
				{name: "cipher", value: true, doc: "one of " + strings.Join(cipherNames(), ", ")},
				{name: "hash", value: true, doc: "one of " + strings.Join(hashNames(), ", ")},
				{name: "iterations", value: true, number: true, doc: "how often the passphrase is hashed"},
			},
			banner: func(*call) string { return banner },
			run: func(_ context.Context, c *call) (any, error) {
				words, err := c.secretWords("Value to encode: ", "Passphrase: ")
				if err != nil {
					return nil, err
				}
				return run(c, c.passwordCipher(words[1]), words[0])
			},
		}
	}
	return []*command{
		encryption("decode", "Decrypts a value of a RabbitMQ's advanced.config", "Decrypting value...", decrypt),
		encryption("encode", "Encrypts a value for a RabbitMQ's advanced.config; LepusMQ itself reads none", "Encrypting value ...", encrypt),
		encryption("decrypt_conf_value", "Decrypts a value of a RabbitMQ's rabbitmq.conf", "Decrypting a rabbitmq.conf string value...", decrypt),
		encryption("encrypt_conf_value", "Encrypts a value for a RabbitMQ's rabbitmq.conf; LepusMQ itself reads none",
			"Encrypting value to be used in rabbitmq.conf...", encryptForConf),
	}
}

func checkEncryption(c *call) error {
	p := c.passwordCipher("")
	switch {
	case ciphers()[p.cipher] == mode{}:
		return badArgument("The requested cipher is not supported.")
	case hashes()[p.hash] == nil:
		return badArgument("The requested hash is not supported")
	case p.iterations <= 0:
		return badArgument("The requested number of iterations is incorrect")
	}
	return nil
}

func (c *call) passwordCipher(passphrase string) *passwordCipher {
	return &passwordCipher{
		cipher: c.option("cipher", defaultCipher), hash: c.option("hash", defaultHash),
		iterations: c.number("iterations", defaultIterations), passphrase: passphrase,
	}
}

// secretWords returns the arguments, and asks for those that were not given.
func (c *call) secretWords(prompts ...string) ([]string, error) {
	words := c.args
	in := bufio.NewScanner(c.stdin)
	for _, prompt := range prompts[len(words):] {
		fmt.Fprint(c.stdout, prompt)
		if !in.Scan() {
			fmt.Fprintln(c.stdout)
			return nil, fail(exitUnavailable, "not_enough_args")
		}
		words = append(words, in.Text())
	}
	return words, nil
}

func encryptTerm(p *passwordCipher, value string) (string, error) {
	term, err := erlang.Parse(value)
	if err != nil {
		return "", fail(exitUnavailable, "Error during cipher operation: %s is no Erlang term: %v", strconv.Quote(value), err)
	}
	return p.encrypt(term)
}

func encrypt(c *call, p *passwordCipher, value string) (any, error) {
	text, err := encryptTerm(p, value)
	if err != nil {
		return nil, err
	}
	return report{text: erlang.Format(erlang.Tuple{erlang.Atom("encrypted"), text}), value: c.okay(text)}, nil
}

func encryptForConf(c *call, p *passwordCipher, value string) (any, error) {
	text, err := encryptTerm(p, value)
	if err != nil {
		return nil, err
	}
	return report{text: confPrefix + text, value: c.okay(confPrefix + text)}, nil
}

// decrypt takes all the forms in which values are written: {encrypted,<<"…">>}, a
// text in quotes or none, with encrypted: before it or not.
func decrypt(c *call, p *passwordCipher, value string) (any, error) {
	text := value
	if term, err := erlang.Parse(value); err == nil {
		if pair, ok := term.(erlang.Tuple); ok && len(pair) == 2 && pair[0] == erlang.Atom("encrypted") {
			term = pair[1]
		}
		switch t := term.(type) {
		case string:
			text = t
		case erlang.Text:
			text = string(t)
		}
	}
	term, err := p.decrypt(strings.TrimPrefix(text, confPrefix))
	if err != nil {
		return nil, fail(exitUnavailable, notDecrypted)
	}
	clear := erlang.Format(term)
	return report{text: clear, value: c.okay(clear)}, nil
}

// okay is a value for programs, as RabbitMQ's tools wrap it.
func (c *call) okay(value any) object {
	return object{"node": c.node, "result": "ok", "value": value}
}

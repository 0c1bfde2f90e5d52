package ctl

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"maps"
	"slices"

	"github.com/lepusmq/lepus/cmd/lepus/ctl/erlang"
)

// passwordCipher encrypts settings by a password as RabbitMQ does: a key of PBKDF2,
// and in base64 16 bytes of salt, 16 of the first block, and the term.
type passwordCipher struct {
	cipher     string
	hash       string
	iterations int
	passphrase string
}

// What RabbitMQ takes if it is not told, by rabbit_pbe of 3.10.8.
const (
	defaultCipher     = "aes_128_cbc"
	defaultHash       = "sha256"
	defaultIterations = 1
)

const saltSize = 16

// maxPadding is what old RabbitMQs filled up to, twice the size of a block.
const maxPadding = 2 * aes.BlockSize

var errCipher = errors.New("the passphrase, the cipher or the hash is another")

// mode is a way to use AES.
type mode struct {
	keySize int
	stream  bool // counter mode
}

func ciphers() map[string]mode {
	return map[string]mode{
		"aes_128_cbc": {16, false}, "aes_192_cbc": {24, false}, "aes_256_cbc": {32, false},
		"aes_128_ctr": {16, true}, "aes_192_ctr": {24, true}, "aes_256_ctr": {32, true},
	}
}

func hashes() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{
		"sha512": sha512.New, "sha384": sha512.New384, "sha256": sha256.New, "sha224": sha256.New224, "sha": sha1.New, "md5": md5.New,
	}
}

func cipherNames() []string { return slices.Sorted(maps.Keys(ciphers())) }

func hashNames() []string { return slices.Sorted(maps.Keys(hashes())) }

// block returns AES with the key that the password gives with a salt.
func (p *passwordCipher) block(salt []byte) (cipher.Block, error) {
	key, err := pbkdf2.Key(hashes()[p.hash], p.passphrase, salt, p.iterations, ciphers()[p.cipher].keySize)
	if err != nil {
		return nil, err
	}
	return aes.NewCipher(key)
}

// encrypt returns a term that nobody can read without the password.
func (p *passwordCipher) encrypt(term any) (string, error) {
	clear, err := erlang.Marshal(term)
	if err != nil {
		return "", err
	}
	head := make([]byte, saltSize+aes.BlockSize)
	rand.Read(head)
	block, err := p.block(head[:saltSize])
	if err != nil {
		return "", err
	}
	if first := head[saltSize:]; ciphers()[p.cipher].stream {
		clear = append(clear, 1) // it pads these, too, to blocks of one byte
		cipher.NewCTR(block, first).XORKeyStream(clear, clear)
	} else {
		n := aes.BlockSize - len(clear)%aes.BlockSize
		clear = append(clear, bytes.Repeat([]byte{byte(n)}, n)...)
		cipher.NewCBCEncrypter(block, first).CryptBlocks(clear, clear)
	}
	return base64.StdEncoding.EncodeToString(append(head, clear...)), nil
}

// decrypt returns the term that encrypt was given.
func (p *passwordCipher) decrypt(text string) (any, error) {
	all, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	if len(all) <= saltSize+aes.BlockSize {
		return nil, errCipher
	}
	block, err := p.block(all[:saltSize])
	if err != nil {
		return nil, err
	}
	first, clear := all[saltSize:saltSize+aes.BlockSize], all[saltSize+aes.BlockSize:]
	switch {
	case ciphers()[p.cipher].stream:
		cipher.NewCTR(block, first).XORKeyStream(clear, clear)
	case len(clear)%aes.BlockSize != 0:
		return nil, errCipher
	default:
		cipher.NewCBCDecrypter(block, first).CryptBlocks(clear, clear)
	}
	padding := int(clear[len(clear)-1])
	if padding == 0 || padding > min(maxPadding, len(clear)) {
		return nil, errCipher
	}
	return erlang.Unmarshal(clear[:len(clear)-padding])
}

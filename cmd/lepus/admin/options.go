package admin

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// option is one that may stand anywhere in a line.
type option struct {
	short, name string
	value       bool
	doc         string
	also        string // another name of it, in the second version
}

func known() []option {
	return []option{
		{"h", "help", false, "show this", ""},
		{"c", "config", true, "read FILE for what is not given [default: ~/.rabbitmqadmin.conf]", ""},
		{"N", "node", true, "the section of the configuration file [default: default]", ""},
		{"H", "host", true, "connect to this host [default: localhost]", ""},
		{"P", "port", true, "connect to this port [default: 15672]", ""},
		{"", "path-prefix", true, "what stands before /api in the paths [default: nothing]", ""},
		{"V", "vhost", true, "work in this virtual host [default: all for list, '/' for declare]", ""},
		{"u", "username", true, "connect as this user [default: guest]", ""},
		{"p", "password", true, "connect with this password [default: guest]", ""},
		{"U", "base-uri", true, "connect to this URL instead of host and port", ""},
		{"q", "quiet", false, "print no status messages", ""},
		{"s", "ssl", false, "connect with TLS", "use-tls"},
		{"", "ssl-key-file", true, "the key of the client's certificate, in PEM", "tls-key-file"},
		{"", "ssl-cert-file", true, "the client's certificate, in PEM", "tls-cert-file"},
		{"", "ssl-ca-cert-file", true, "the certificates to trust, in PEM", "tls-ca-cert-file"},
		{"", "ssl-disable-hostname-verification", false, "do not check the name in the broker's certificate", ""},
		{"k", "ssl-insecure", false, "do not check the broker's certificate", "insecure"},
		{"t", "request-timeout", true, "give up after so many seconds [default: 120]", "timeout"},
		{"f", "format", true, "list as raw_json, pretty_json, tsv, long, table, kvp or bash [default: table]", ""},
		{"S", "sort", true, "sort lists by this column", ""},
		{"R", "sort-reverse", false, "sort the other way round", ""},
		{"d", "depth", true, "how deep to look into objects for columns [default: 1]", ""},
		{"", "non-interactive", false, "ignored: nothing is ever asked", ""},
		{"", "version", false, "say which version this is", ""},
	}
}

// options are those of a line, with what a configuration file adds.
type options struct {
	given   map[string]string // by name; without value ""
	seconds int
	depth   int
}

func (o *options) has(name string) bool { _, ok := o.given[name]; return ok }

func (o *options) get(name, fallback string) string {
	if v, ok := o.given[name]; ok {
		return v
	}
	return fallback
}

// format is how lists are printed.
func (o *options) format() string { return o.get("format", "table") }

// parse takes a line apart. What is neither an option nor its value is a word.
func parse(line []string, getenv func(string) string) (*options, []string, error) {
	o := &options{given: make(map[string]string)}
	var words []string
	for i := 0; i < len(line); i++ {
		if line[i] == "--" {
			words = append(words, line[i+1:]...)
			break
		}
		if len(line[i]) < 2 || line[i][0] != '-' {
			words = append(words, line[i])
			continue
		}
		name, value, attached := split(line[i])
		at := slices.IndexFunc(known(), func(k option) bool {
			return name == "-"+k.short && k.short != "" || name == "--"+k.name || k.also != "" && name == "--"+k.also
		})
		switch {
		case at < 0:
			return nil, nil, &optionError{"no such option: " + name}
		case known()[at].value && !attached:
			if i++; i == len(line) {
				return nil, nil, &optionError{name + " option requires 1 argument"}
			}
			value = line[i]
		case !known()[at].value && attached && strings.HasPrefix(name, "--"):
			return nil, nil, &optionError{name + " option does not take a value"}
		}
		o.given[known()[at].name] = value
	}
	return o, words, o.readConfig(getenv)
}

// split parts --name=value, and -nvalue.
func split(word string) (name, value string, attached bool) {
	if strings.HasPrefix(word, "--") {
		name, value, attached = strings.Cut(word, "=")
		return name, value, attached
	}
	return word[:2], word[2:], len(word) > 2
}

// check reads the numbers, and refuses a format that there is not.
func (o *options) check() error {
	var err error
	if o.seconds, err = strconv.Atoi(o.get("request-timeout", "120")); err != nil || o.seconds <= 0 {
		return &optionError{fmt.Sprintf("option --request-timeout: invalid integer value: '%s'", o.get("request-timeout", ""))}
	}
	if o.depth, err = strconv.Atoi(o.get("depth", "1")); err != nil {
		return &optionError{fmt.Sprintf("option --depth: invalid integer value: '%s'", o.get("depth", ""))}
	}
	if !slices.Contains(formats(), o.format()) {
		return wrongUse("Format %s not recognised", o.format())
	}
	return nil
}

// readConfig adds what a section of the configuration file says.
func (o *options) readConfig(getenv func(string) string) error {
	path, named := o.get("config", ""), o.has("config")
	if !named {
		if path = filepath.Join(getenv("HOME"), ".rabbitmqadmin.conf"); getenv("HOME") == "" {
			return nil
		}
	}
	f, err := os.Open(path)
	if err != nil {
		if named {
			return err
		}
		return nil
	}
	defer f.Close()
	section, found := o.get("node", "default"), false
	in := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			in = strings.Trim(line, "[]")
			found = found || in == section
		case in == section:
			name, value, _ := strings.Cut(line, "=")
			o.fallBack(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	if !found && (named || o.has("node")) {
		return fmt.Errorf("section [%s] of %s does not exist", section, path)
	}
	return nil
}

// fallBack is a line of the configuration file; what was typed goes first.
func (o *options) fallBack(name, value string) {
	name = strings.ReplaceAll(name, "_", "-")
	if name == "hostname" {
		name = "host"
	}
	if before, _, ok := strings.Cut(value, " #"); ok {
		value = strings.TrimSpace(before)
	}
	if no := strings.EqualFold(value, "false"); no && (name == "ssl" || strings.HasPrefix(name, "ssl-")) {
		return
	}
	if !o.has(name) {
		o.given[name] = value
	}
}

// client returns the client of the broker that the options name.
func (o *options) client(getenv func(string) string) (*api.Client, error) {
	tlsConfig, err := o.tls()
	if err != nil {
		return nil, err
	}
	base := o.get("base-uri", "")
	if base == "" && !o.has("host") && !o.has("port") {
		base = getenv("LEPUS_URL")
	}
	if base == "" {
		scheme := "http"
		if o.has("ssl") {
			scheme = "https"
		}
		base = scheme + "://" + net.JoinHostPort(o.get("host", "localhost"), o.get("port", "15672"))
	}
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("the base URI cannot be read")
	}
	if u.User == nil || o.has("username") || o.has("password") {
		u.User = url.UserPassword(o.get("username", "guest"), o.get("password", "guest"))
	}
	u.Path = o.get("path-prefix", "")
	return api.OverTCP(u.String(), &http.Transport{TLSClientConfig: tlsConfig})
}

// tls is how to connect with TLS.
func (o *options) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.has("ssl-insecure")}
	if path := o.get("ssl-ca-cert-file", ""); path != "" {
		pem, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", path)
		}
	}
	if key := o.get("ssl-key-file", ""); key != "" {
		pair, err := tls.LoadX509KeyPair(o.get("ssl-cert-file", key), key)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if o.has("ssl-disable-hostname-verification") && !c.InsecureSkipVerify {
		anyName(c)
	}
	return c, nil
}

// anyName checks the broker's certificate but for the name in it.
func anyName(c *tls.Config) {
	roots := c.RootCAs
	c.InsecureSkipVerify = true
	c.VerifyConnection = func(s tls.ConnectionState) error {
		o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, cert := range s.PeerCertificates[1:] {
			o.Intermediates.AddCert(cert)
		}
		_, err := s.PeerCertificates[0].Verify(o)
		return err
	}
}

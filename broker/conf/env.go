package conf

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
)

// RabbitPrefix is what the variables begin with that RabbitMQ and its images
// have.
const RabbitPrefix = "RABBITMQ_"

// variable is a variable of RabbitMQ, or of one of its images, without the
// prefix, and the key that it sets.
type variable struct{ name, key string }

// variables are those that set one key, the most important last.
func variables() []variable {
	return []variable{
		// Bitnami's image.
		{"USERNAME", "default_user"}, {"PASSWORD", "default_pass"}, {"VHOST", "default_vhost"},
		{"NODE_NAME", "node_name"}, {"LOAD_DEFINITIONS_FILE", "load_definitions"}, {"DEFINITIONS_FILE", "load_definitions"},
		{"MANAGEMENT_PORT_NUMBER", "management.tcp.port"}, {"MANAGEMENT_BIND_IP", "management.tcp.ip"},
		{"DISK_FREE_ABSOLUTE_LIMIT", "disk_free_limit.absolute"}, {"DISK_FREE_RELATIVE_LIMIT", "disk_free_limit.relative"},
		// The official image, and RabbitMQ itself.
		{"DEFAULT_USER", "default_user"}, {"DEFAULT_PASS", "default_pass"}, {"DEFAULT_VHOST", "default_vhost"},
		{"NODENAME", "node_name"}, {"PID_FILE", "pid_file"}, {"LOG_BASE", "log.dir"},
		{"MNESIA_BASE", "data_dir"}, {"MNESIA_DIR", "data_dir"}, {"VM_MEMORY_HIGH_WATERMARK", "vm_memory_high_watermark"},
		// Old versions of the official image.
		{"SSL_CACERTFILE", "ssl_options.cacertfile"}, {"SSL_CERTFILE", "ssl_options.certfile"}, {"SSL_KEYFILE", "ssl_options.keyfile"},
		{"SSL_VERIFY", "ssl_options.verify"}, {"SSL_FAIL_IF_NO_PEER_CERT", "ssl_options.fail_if_no_peer_cert"}, {"SSL_DEPTH", "ssl_options.depth"},
		{"MANAGEMENT_SSL_CACERTFILE", "management.ssl.cacertfile"}, {"MANAGEMENT_SSL_CERTFILE", "management.ssl.certfile"},
		{"MANAGEMENT_SSL_KEYFILE", "management.ssl.keyfile"}, {"MANAGEMENT_SSL_VERIFY", "management.ssl.verify"},
		{"MANAGEMENT_SSL_FAIL_IF_NO_PEER_CERT", "management.ssl.fail_if_no_peer_cert"}, {"MANAGEMENT_SSL_DEPTH", "management.ssl.depth"},
	}
}

// rabbit returns a variable of RabbitMQ's; empty if it is not set.
func (r *reader) rabbit(name string) string { return r.env[RabbitPrefix+name] }

// readVariables reads the environment, and the file with more of it, which
// counts less.
func (r *reader) readVariables(src Sources) error {
	r.env = map[string]string{}
	for _, e := range src.Environ {
		name, value, _ := strings.Cut(e, "=")
		r.env[name] = value
	}
	path, named := src.EnvFile, r.rabbit("CONF_ENV_FILE")
	switch {
	case named != "":
		path = named
	case path == "" || len(src.Files) > 0: // who names files wants no others
		return nil
	}
	text, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) && named == "" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("variables: %w", err)
	}
	r.files = append(r.files, path)
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		r.readVariable(lines.Text(), fmt.Sprintf("%s:%d", path, n))
	}
	return lines.Err()
}

// readVariable reads a line NAME=value of a script. What else a shell could do
// there is not done.
func (r *reader) readVariable(line, at string) {
	line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "export "))
	if line == "" || line[0] == '#' {
		return
	}
	name, value, ok := strings.Cut(line, "=")
	if !ok || strings.ContainsAny(name, " \t") || strings.ContainsAny(value, "$`") {
		r.warnings = append(r.warnings, at+": passed over, as it is no simple NAME=value")
		return
	}
	name = RabbitPrefix + strings.TrimPrefix(name, RabbitPrefix)
	if _, ok := r.env[name]; !ok {
		r.env[name] = strings.Trim(value, `"'`)
	}
}

// readEnvironment makes assignments of the variables of RabbitMQ.
func (r *reader) readEnvironment(Sources) ([]Assignment, error) {
	var e environment
	e.reader = r
	for _, v := range variables() {
		if value := r.rabbit(v.name); value != "" {
			e.set(v.name, v.key, value)
		}
		if path := r.rabbit(v.name + "_FILE"); path != "" && strings.HasPrefix(v.key, "default_") {
			e.setFromFile(v.name+"_FILE", v.key, path)
		}
	}
	e.places()
	e.secure()
	e.logs()
	e.logLevels()
	terms := erlang{reader: r}
	terms.arguments("SERVER_ADDITIONAL_ERL_ARGS")
	return append(e.all, terms.all...), errors.Join(append(e.errs, terms.errs...)...)
}

// environment gathers the assignments of variables.
type environment struct {
	*reader
	all  []Assignment
	errs []error
}

func (e *environment) set(variable, key, value string) {
	from := RabbitPrefix + variable
	if key == "vm_memory_high_watermark" && strings.HasSuffix(value, "%") {
		if n, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64); err == nil {
			value = strconv.FormatFloat(n/100, 'f', -1, 64)
		}
	}
	a, err := e.assign(key, value, from)
	if err != nil {
		e.errs = append(e.errs, fmt.Errorf("%s: %w", from, err))
		return
	}
	e.all = append(e.all, a)
}

func (e *environment) setFromFile(variable, key, path string) {
	text, err := readBounded(path)
	if err != nil {
		e.errs = append(e.errs, fmt.Errorf("%s%s: %w", RabbitPrefix, variable, err))
		return
	}
	e.set(variable, key, strings.TrimSpace(string(text)))
}

// places reads where to listen: port and address are variables of their own.
func (e *environment) places() {
	for _, port := range []string{"NODE_PORT", "NODE_PORT_NUMBER"} {
		if value := e.rabbit(port); value != "" {
			e.set(port, "listeners.tcp.default", net.JoinHostPort(e.rabbit("NODE_IP_ADDRESS"), value))
			return
		}
	}
	if ip := e.rabbit("NODE_IP_ADDRESS"); ip != "" {
		e.set("NODE_IP_ADDRESS", "listeners.tcp.default", net.JoinHostPort(ip, "5672"))
	}
}

// secure does what old images did with certificates: TLS instead of plain TCP, and
// only clients with a certificate unless something else is said.
func (e *environment) secure() {
	for _, of := range []struct{ prefix, options string }{{"SSL_", "ssl_options"}, {"MANAGEMENT_SSL_", "management.ssl"}} {
		if e.rabbit(of.prefix+"CERTFILE") == "" {
			continue
		}
		variable := of.prefix + "CERTFILE"
		if of.options == "ssl_options" {
			e.set(variable, "listeners.tcp", "none")
			e.set(variable, "listeners.ssl.default", "5671")
		}
		if e.rabbit(of.prefix+"CACERTFILE") == "" {
			continue
		}
		if e.rabbit(of.prefix+"VERIFY") == "" {
			e.set(variable, of.options+".verify", "verify_peer")
		}
		if e.rabbit(of.prefix+"FAIL_IF_NO_PEER_CERT") == "" && e.rabbit(of.prefix+"VERIFY") != "verify_none" {
			e.set(variable, of.options+".fail_if_no_peer_cert", "true")
		}
	}
}

// logs reads where the log goes: to a file, or with - to the console only, where it
// goes in any case.
func (e *environment) logs() {
	if path := e.rabbit("LOGS"); path != "" && path != "-" {
		e.set("LOGS", "log.file", path)
	}
}

// namedFiles returns the files that the environment names: one, with or without
// its .conf, and a folder of more.
func (r *reader) namedFiles() []string {
	var files []string
	for _, variable := range []string{"CONFIG_FILE", "CONFIG_FILES"} {
		path := r.rabbit(variable)
		if path == "" {
			continue
		}
		if found := existing([]string{path, path + ".conf"}); len(found) > 0 {
			files = append(files, found[0])
			continue
		}
		r.warnings = append(r.warnings, fmt.Sprintf("%s%s: there is no %s", RabbitPrefix, variable, path))
		files = append(files, noFile)
	}
	return files
}

package shovel

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker/parameter"
)

// address is a broker's, as an AMQP URI says. It has a password, and is only
// shown by String.
type address struct {
	uri   string
	shown string
	vhost string
	// local is this broker itself: the URI names no host.
	local bool
	// user and password are those of the URI; both are empty, and own is set, if a
	// local one has none: then it is the broker itself that connects.
	user, password string
	own            bool
	unverified     bool // the certificate of the broker is not looked at
}

// String returns the URI without the user, the password, and options among which
// there may be another.
func (a address) String() string { return a.shown }

// parseAddress reads a URI. The error is why not, in RabbitMQ's words, and has no
// password in it.
func parseAddress(text string) (address, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil && !strings.Contains(text, "://"), err == nil && u.Scheme == "":
		return address{}, badURI(text, "{unable_to_parse_uri,no_scheme}")
	case err != nil:
		return address{}, badURI(text, "{unable_to_parse_uri,malformed_uri}")
	case u.Scheme != "amqp" && u.Scheme != "amqps":
		return address{}, badURI(text, fmt.Sprintf("{unexpected_uri_scheme,%q}", u.Scheme))
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n > 65535 {
			return address{}, badURI(text, "{port_out_of_range,"+port+"}")
		}
	}
	a := address{uri: text, shown: masked(text), local: u.Hostname() == "" && u.Port() == "", vhost: "/"}
	if vhost := strings.TrimPrefix(u.Path, "/"); vhost != "" {
		a.vhost = vhost
	}
	a.user = u.User.Username()
	a.password, _ = u.User.Password()
	a.own = a.local && u.User == nil
	a.unverified = u.Query().Get("verify") == "verify_none"
	if _, err := amqp.ParseURI(text); err != nil {
		return address{}, badURI(text, "{unable_to_parse_uri,malformed_uri}")
	}
	return a, nil
}

func badURI(text, why string) error {
	text = masked(text)
	return fmt.Errorf("%q not a valid URI: {%s,%q}", text, why, text)
}

// masked takes everything from a URI, which need not be one, that can be secret:
// what is before the last @ and after the question mark.
func masked(text string) string {
	text, _, _ = strings.Cut(text, "?")
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text
	}
	scheme, _, ok := strings.Cut(text[:at], "://")
	if !ok {
		return text[at+1:]
	}
	return scheme + "://" + text[at+1:]
}

// addresses reads a URI or a list of them. It returns what it could read, and
// what is wrong with the rest.
func addresses(key string, value any) (all []address, faults []string) {
	var texts []any
	switch v := value.(type) {
	case string:
		texts = []any{v}
	case []any:
		texts = v
	default:
		return nil, []string{unlikeList(key, value)}
	}
	for _, one := range texts {
		text, ok := one.(string)
		if !ok {
			faults = append(faults, unlikeList(key, one))
			continue
		}
		a, err := parseAddress(text)
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		all = append(all, a)
	}
	if len(texts) == 0 {
		faults = append(faults, fmt.Sprintf("Key %q has no URI", key))
	}
	return all, faults
}

func unlikeList(key string, value any) string { return parameter.Unlike(key, "list", value) }

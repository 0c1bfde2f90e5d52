package shovel

import (
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker/parameter"
)

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		uri, shown, vhost string
		local, own        bool
	}{
		{"amqp://", "amqp://", "/", true, true},
		{"amqp:///", "amqp:///", "/", true, true},
		{"amqp:///%2f", "amqp:///%2f", "/", true, true},
		{"amqp:///shop", "amqp:///shop", "shop", true, true},
		{"amqp://ann:secret@/shop", "amqp:///shop", "shop", true, false},
		{"amqp://ann@/shop", "amqp:///shop", "shop", true, false},
		{"amqp://host", "amqp://host", "/", false, false},
		{"amqp://ann:secret@host:5673/a%2Fb?heartbeat=5", "amqp://host:5673/a%2Fb", "a/b", false, false},
		{"amqps://ann:se%40cret@host/?password=secret", "amqps://host/", "/", false, false},
	} {
		a, err := parseAddress(c.uri)
		if err != nil {
			t.Errorf("%s: %v", c.uri, err)
			continue
		}
		if a.String() != c.shown || a.vhost != c.vhost || a.local != c.local || a.own != c.own {
			t.Errorf("%s is %+v", c.uri, a)
		}
	}
}

func TestWhatIsShownOfAURIHasNoSecrets(t *testing.T) {
	for _, uri := range []string{
		"amqp://ann:S3cret@host", "amqp://S3cret@host/v", "amqp://ann:S3/c@ret@host", "ann:S3cret@host", "x://a:S3cret@h",
		"amqp://ann:S3%zzcret@host", "amqp://host?password=S3cret", "amqp://ann:S3cret@host:99999", "://a:S3cret@",
	} {
		shown := masked(uri)
		if _, err := parseAddress(uri); err != nil {
			shown += err.Error()
		}
		if strings.Contains(shown, "S3") {
			t.Errorf("%s is shown as %s", uri, shown)
		}
	}
}

func TestConfigHasRabbitMQsDefaults(t *testing.T) {
	value := `{"src-uri":"amqp://","src-queue":"a","dest-uri":["amqp://x","amqp://y"]}`
	c, err := newConfig(parameter.Parameter{VHost: "/", Name: "s", Value: []byte(value)})
	if err != nil {
		t.Fatal(err)
	}
	if c.ackMode != onConfirm || c.delay != defaultDelay || c.source.prefetch != 1000 || c.source.limit != unlimited || len(c.destination.addresses) != 2 {
		t.Errorf("got %+v", c)
	}
	value = `{"src-uri":"amqp://","src-queue":"a","dest-uri":"amqp://x","prefetch-count":7,"delete-after":"queue-length","add-forward-headers":true,
		"reconnect-delay":9223372036854775807,"publish-properties":{"priority":3}}`
	if c, err = newConfig(parameter.Parameter{VHost: "/", Name: "s", Value: []byte(value)}); err != nil {
		t.Fatal(err)
	}
	if c.source.prefetch != 7 || c.source.limit != asLongAsItIs || !c.destination.forward || c.delay != maxDelay || len(c.destination.properties) != 1 {
		t.Errorf("with the old names: %+v", c)
	}
}

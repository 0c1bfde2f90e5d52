package integration

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rabbitmq/amqp091-go"

	"github.com/lepusmq/lepus/broker/brokertest"
	"github.com/lepusmq/lepus/broker/management/page"
)

// pageTests is where the tests of the page are that run in a browser, beside the modules that they need.
const pageTests = "../broker/management/page"

// pagePrefix is a path as a proxy may put before the page.
const pagePrefix = "/behind/a/proxy"

// The page in a real browser: everything a person does with it, in names that mean harm, and at the sizes of a desk and
// of a phone.
func TestPage(t *testing.T) {
	t.Parallel()
	address, amqpURL := startPage(t)
	ch := channel(t, amqpURL, amqp091.Table{"connection_name": "page-client"})
	if _, err := ch.QueueDeclare("page-consumed", false, true, false, false, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := ch.Consume("page-consumed", "page-consumer", false, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	drive(t, "browser.mjs", address)
}

// With very many queues and connections the page shows some, at once.
func TestPageOfMany(t *testing.T) {
	t.Parallel()
	const queues, connections = 10_000, 1_000
	address, amqpURL := startPage(t)
	named := amqp091.Table{"connection_name": "crowd-page"}
	ch := channel(t, amqpURL, named)
	for i := range queues {
		if _, err := ch.QueueDeclare(fmt.Sprintf("crowd-page-%05d", i), false, true, true, i != queues-1, nil); err != nil {
			t.Fatal(err)
		}
	}
	for range connections - 1 {
		channel(t, amqpURL, named)
	}
	drive(t, "crowd.mjs", address, strconv.Itoa(queues), strconv.Itoa(connections))
}

// drive runs a script of the page's tests.
func drive(t *testing.T, script string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"test/" + script}, args...)...)
	cmd.Dir = pageTests
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("the browser's tests: %v", err)
	}
}

// channel opens a channel on a connection of its own, which the page may close.
func channel(t *testing.T, amqpURL string, properties amqp091.Table) *amqp091.Channel {
	t.Helper()
	conn, err := amqp091.DialConfig(amqpURL, amqp091.Config{Properties: properties})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// startPage returns the addresses of a page and of its broker: of one of our own, or of the page in front of another
// broker's management API, if MANAGEMENT_URL names that and AMQP_URL the broker.
func startPage(t *testing.T) (address, amqpURL string) {
	t.Helper()
	needBrowser(t)
	if api := os.Getenv("MANAGEMENT_URL"); api != "" {
		return servePage(t, api), brokerURL(t)
	}
	skipForeign(t)
	broker := brokertest.Start(t, brokertest.WithManagement)
	return broker.ManagementURL + "/", broker.URL
}

// needBrowser skips a test that a browser runs where there is none.
func needBrowser(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no browser is driven: there is no node")
	}
	if _, err := os.Stat(pageTests + "/node_modules/playwright-core"); err != nil {
		t.Skip("no browser is driven: there is no playwright-core; make page-modules installs it")
	}
	if os.Getenv("CHROMIUM") != "" {
		return
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if _, err := exec.LookPath(name); err == nil {
			return
		}
	}
	t.Skip("no browser is driven: there is no chromium; apt-get install chromium")
}

// servePage serves the page with an API below a prefix, under the policy that the page is made for, and returns its
// address.
func servePage(t *testing.T, api string) string {
	t.Helper()
	target, err := url.Parse(api)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		// The page gives up requests that it no longer needs: nothing to log.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	files := http.FileServerFS(page.Files())
	server := httptest.NewServer(http.StripPrefix(pagePrefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			proxy.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", page.ContentSecurityPolicy)
		files.ServeHTTP(w, r)
	})))
	t.Cleanup(server.Close)
	return server.URL + pagePrefix + "/"
}

package broker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/lepusmq/lepus/broker/certs"
	"github.com/lepusmq/lepus/broker/parameter"
)

// Definitions says which definitions are imported whenever the broker starts,
// before anybody can connect.
type Definitions struct {
	// Paths are files in JSON, or folders of them.
	Paths []string
	// URL is a web address of one, with http or https; empty is none. TLS is for https.
	URL string
	TLS certs.Client
	// SkipUnchanged imports them only if they are others than the last time, so that
	// what was changed since stays.
	SkipUnchanged bool
}

const (
	// maxDefinitions is the size of the largest file of definitions, in bytes, and
	// fetchTimeout how long one may take to come.
	maxDefinitions = 256 << 20
	fetchTimeout   = time.Minute
	// importedHash is the global parameter that has the hash of what was imported
	// last, as in RabbitMQ.
	importedHash = "imported_definition_hash_value"
)

// loadDefinitions imports what the configuration names.
func (b *Broker) loadDefinitions() error {
	texts, err := b.cfg.Definitions.read()
	if err != nil {
		return fmt.Errorf("load definitions: %w", err)
	}
	if len(texts) == 0 {
		return nil
	}
	hash := hashOf(texts)
	if b.cfg.Definitions.SkipUnchanged && b.imported() == hash {
		b.log.Info("definitions are those of the last time, and skipped")
		return nil
	}
	for _, t := range texts {
		if err := b.ImportDefinitions("", t.text); err != nil {
			return fmt.Errorf("load definitions of %s: %w", t.from, err)
		}
		b.log.Info("definitions loaded", zap.String("from", t.from))
	}
	if !b.cfg.Definitions.SkipUnchanged {
		return nil
	}
	return b.setImported(hash)
}

// definitionText is a file of definitions, with where it is from.
type definitionText struct {
	from string
	text []byte
}

// read reads all that is named.
func (d *Definitions) read() ([]definitionText, error) {
	var all []definitionText
	for _, path := range d.Paths {
		files, err := definitionFiles(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := readDefinitions(file)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			all = append(all, definitionText{file, text})
		}
	}
	if d.URL == "" {
		return all, nil
	}
	one, err := d.fetch()
	return append(all, one), err
}

func readDefinitions(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f)
}

func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxDefinitions+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxDefinitions {
		return nil, fmt.Errorf("it has more than %d bytes", maxDefinitions)
	}
	return text, nil
}

// definitionFiles returns the file itself, or those with JSON in the folder, by
// name.
func definitionFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	// The pattern is a good one, which is the only error there is.
	files, _ := filepath.Glob(filepath.Join(path, "*.json"))
	slices.Sort(files)
	return files, nil
}

// fetch reads what is at the web address. Errors do not have the password that may
// be in it.
func (d *Definitions) fetch() (definitionText, error) {
	u, err := url.Parse(d.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return definitionText{}, errors.New("the web address of definitions is none: write it as https://host/path")
	}
	one := definitionText{from: u.Redacted()}
	one.text, err = d.get(u)
	if err != nil {
		return one, fmt.Errorf("%s: %w", one.from, err)
	}
	return one, nil
}

func (d *Definitions) get(u *url.URL) ([]byte, error) {
	cfg, err := d.TLS.Config()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: cfg, TLSHandshakeTimeout: fetchTimeout}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, CheckRedirect: func(to *http.Request, via []*http.Request) error {
		if u.Scheme == "https" && to.URL.Scheme != "https" || len(via) > 3 {
			return errors.New("it redirects to where it is not safe to follow")
		}
		return nil
	}}
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	res, err := client.Do(req)
	if err != nil {
		var with *url.Error
		if errors.As(err, &with) {
			err = with.Err
		}
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %s", res.Status)
	}
	return readAll(res.Body)
}

// hashOf tells one list of definitions from another.
func hashOf(texts []definitionText) string {
	all := sha256.New()
	for _, t := range texts {
		one := sha256.Sum256(t.text)
		all.Write(one[:])
	}
	return hex.EncodeToString(all.Sum(nil))
}

// imported returns the hash of what was imported last; empty if nothing was.
func (b *Broker) imported() string {
	var hash struct{ Value string }
	p, ok := b.parameters.get(parameter.Key{Component: globalComponent, Name: importedHash})
	if !ok || json.Unmarshal(p.Value, &hash) != nil {
		return ""
	}
	return hash.Value
}

func (b *Broker) setImported(hash string) error {
	value, err := json.Marshal(map[string]string{"algorithm": "sha256", "value": hash})
	if err != nil {
		return fmt.Errorf("encode %s: %w", importedHash, err)
	}
	return b.SetGlobalParameter(importedHash, value)
}

package management

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"

	built "github.com/lepusmq/lepus/broker/management/page"
)

// page serves the files of the page for browsers, and nothing else.
type page struct {
	files fs.FS

	// guarded by mu
	mu    sync.Mutex
	ready map[string]*file // of those that there are
}

// file is a file as it is sent. It is immutable.
type file struct {
	plain, zipped []byte // zipped is nil if nothing is gained
	kind, tag     string
}

func newPage(files fs.FS) *page { return &page{files: files, ready: map[string]*file{}} }

// indexFile is what is shown at the top.
const indexFile = "index.html"

// ServeHTTP implements http.Handler.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" {
		name = indexFile
	}
	f, err := p.file(name)
	if err != nil {
		writeFault(w, notFound())
		return
	}
	f.serve(w, r)
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", built.ContentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache") // but the tag saves the body
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", f.tag)
	if r.Header.Get("If-None-Match") == f.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.plain
	if f.zipped != nil && acceptsGzip(r) {
		body = f.zipped
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", f.kind)
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // who does not read it misses nothing
	}
}

// file returns a file of the page. Only regular files with clean names are: fs.FS
// sees to that.
func (p *page) file(name string) (*file, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.ready[name]; f != nil {
		return f, nil
	}
	if !fs.ValidPath(name) {
		return nil, fs.ErrNotExist
	}
	plain, err := fs.ReadFile(p.files, name)
	if err != nil {
		return nil, fmt.Errorf("read page file: %w", err)
	}
	sum := sha256.Sum256(plain)
	f := &file{plain: plain, kind: kindOf(name), tag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(plain) // into memory
	_ = z.Close()
	if zipped.Len() < len(plain)*9/10 {
		f.zipped = zipped.Bytes()
	}
	p.ready[name] = f
	return f, nil
}

// kindOf is the media type of a file, without asking the machine's tables.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map", ".webmanifest":
		return "application/json"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

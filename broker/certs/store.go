package certs

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// lookEvery is how often at most a handshake looks whether files have changed.
const lookEvery = 5 * time.Second

// Store has the certificates of a listener, and loads them anew when the files
// change. Connections that there are keep what they were made with. All methods
// may be called from any goroutine.
type Store struct {
	// immutable
	reloaded func(error)
	now      func() time.Time

	current  atomic.Pointer[tls.Config]
	nextLook atomic.Int64 // in Unix nanoseconds

	// guarded by mu
	mu     sync.Mutex
	opt    Options
	stamps string // of the files, when they were last tried
}

// Open loads the certificates. The error says which option or file is wrong.
// When a handshake finds that files have changed, reloaded is told how loading
// them went; on an error what there was goes on.
func Open(o Options, reloaded func(error)) (*Store, error) {
	s := &Store{reloaded: reloaded, now: time.Now}
	s.nextLook.Store(s.now().Add(lookEvery).UnixNano())
	if err := s.Reload(o); err != nil {
		return nil, err
	}
	return s, nil
}

// Config returns what a listener is made with. It stays good over reloads.
func (s *Store) Config() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12, // counts for nothing, as the other has its own
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.fresh(), nil },
	}
}

// Reload takes over options and loads their files, changed or not. When it fails
// what there was stays.
func (s *Store) Reload(o Options) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.opt
	s.opt = o
	if err := s.load(); err != nil {
		s.opt = was
		return err
	}
	return nil
}

// fresh returns what there is, after a look at the files if the last was a while
// ago. That is one handshake's work; others do not wait for it.
func (s *Store) fresh() *tls.Config {
	now, next := s.now(), s.nextLook.Load()
	if now.UnixNano() >= next && s.nextLook.CompareAndSwap(next, now.Add(lookEvery).UnixNano()) {
		s.look()
	}
	return s.current.Load()
}

func (s *Store) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stamp() == s.stamps {
		return
	}
	if err := s.load(); s.reloaded != nil {
		s.reloaded(err)
	}
}

// load loads what the options name. Called with mu held.
func (s *Store) load() error {
	s.stamps = s.stamp() // before: what changes meanwhile is seen the next time
	opt := s.opt         // handshakes go on with these when others are taken over
	config, err := opt.config()
	if err != nil {
		return err
	}
	pair, authorities, err := opt.pair()
	if err != nil {
		return err
	}
	named, err := opt.loadNamed()
	if err != nil {
		return err
	}
	config.Certificates = []tls.Certificate{pair}
	if len(named) > 0 {
		// With nil the library goes on to Certificates.
		config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return named.find(hello.ServerName), nil }
	}
	if opt.Verify {
		config.ClientCAs = x509.NewCertPool()
		for _, c := range authorities {
			config.ClientCAs.AddCert(c)
		}
	}
	s.current.Store(config)
	return nil
}

// stamp tells one state of the files from another.
func (s *Store) stamp() string {
	var all string
	files := []string{s.opt.CertFile, s.opt.KeyFile, s.opt.CAFile}
	for _, n := range s.opt.Named {
		files = append(files, n.CertFile, n.KeyFile)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			all += fmt.Sprintln(file, info.Size(), info.ModTime().UnixNano())
		}
	}
	return all
}

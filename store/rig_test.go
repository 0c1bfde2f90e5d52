package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lepusmq/lepus/store/vfs"
)

// fakeKV is kv in memory. Each commit is one step of the file system that it
// lives beside, so that a test can crash there.
type fakeKV struct {
	fs  *vfs.Fake
	rng *rand.Rand
	mu  sync.Mutex
	m   map[string][]byte
	got map[byte]int // how many values were read, by the first letter of their keys

	commits atomic.Int64
}

const (
	fakeDir   = "/data"
	fakeKVDir = "/kv"
)

func newFakeKV(fs *vfs.Fake, seed uint64) *fakeKV {
	if err := fs.MkdirAll(fakeKVDir); err != nil {
		panic(err)
	}
	return &fakeKV{fs: fs, rng: rand.New(rand.NewPCG(seed, 1)), m: map[string][]byte{}, got: map[byte]int{}}
}

func (k *fakeKV) scan(prefix []byte, fn func(key, value []byte) error) error {
	k.mu.Lock()
	var keys []string
	for key := range k.m {
		if strings.HasPrefix(key, string(prefix)) {
			keys = append(keys, key)
		}
	}
	k.mu.Unlock()
	slices.Sort(keys)
	for _, key := range keys {
		k.mu.Lock()
		v := k.m[key]
		k.got[key[0]]++
		k.mu.Unlock()
		if err := fn([]byte(key), v); err != nil {
			return err
		}
	}
	return nil
}

func (k *fakeKV) get(key []byte) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.got[key[0]]++
	return bytes.Clone(k.m[string(key)]), nil
}

func (k *fakeKV) commit(changes []change) error {
	k.commits.Add(1)
	err := k.fs.SyncDir(fakeKVDir)
	k.mu.Lock()
	defer k.mu.Unlock()
	size := 0
	for i := range changes {
		size += changes[i].size()
	}
	if size > memtable*15/100 {
		return fmt.Errorf("a transaction of %d bytes", size)
	}
	if err != nil && k.rng.IntN(2) == 0 {
		return err
	}
	for _, c := range changes {
		if c.deleted {
			delete(k.m, string(c.key))
		} else {
			k.m[string(c.key)] = bytes.Clone(c.value)
		}
	}
	return err
}

func (k *fakeKV) close() error { return nil }

// clone copies the state for another branch of history.
func (k *fakeKV) clone(fs *vfs.Fake, seed uint64) *fakeKV {
	c := newFakeKV(fs, seed)
	for key, v := range k.m {
		c.m[key] = bytes.Clone(v)
	}
	return c
}

// rig is a disk that outlives the stores on it.
type rig struct {
	fs    *vfs.Fake
	kv    *fakeKV
	cache int // bytes; 0 is the default
	lost  []error
}

func newRig(seed uint64) *rig {
	fs := vfs.NewFake(seed)
	return &rig{fs: fs, kv: newFakeKV(fs, seed)}
}

func (r *rig) clone(seed uint64) *rig {
	fs := r.fs.Clone(seed)
	return &rig{fs: fs, kv: r.kv.clone(fs, seed), cache: r.cache}
}

func (r *rig) options() Options {
	return Options{
		Dir: fakeDir, FS: r.fs, SegmentSize: 16 << 10, indexCache: r.cache,
		openKV: func() (kv, error) { return r.kv, nil },
	}
}

// recorder is a Confirmer that counts.
type recorder struct {
	mu    sync.Mutex
	cond  sync.Cond
	n     map[uint64]int
	calls int
	total int
}

func newRecorder() *recorder {
	r := &recorder{n: map[uint64]int{}}
	r.cond.L = &r.mu
	return r
}

func (r *recorder) Confirm(first, last uint64) {
	r.mu.Lock()
	for p := first; p <= last; p++ {
		r.n[p]++
		r.total++
	}
	r.calls++
	r.mu.Unlock()
	r.cond.Broadcast()
}

// wait waits for so many confirms in all.
func (r *recorder) wait(total int) {
	r.mu.Lock()
	for r.total < total {
		r.cond.Wait()
	}
	r.mu.Unlock()
}

func (r *recorder) times(publish uint64) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n[publish]
}

// message makes a persistent message that says which it is.
func message(s *Slab, n uint64, size int) Message {
	body := fmt.Appendf(nil, "message %d ", n)
	for len(body) < size {
		body = append(body, byte(n), byte(len(body)))
	}
	m := s.Add([]byte("\x01e\x03key"), []byte("head"), body)
	m.Persistent = true
	return m
}

// bodyNumber reads back what message wrote.
func bodyNumber(m *Message) uint64 {
	var n uint64
	fmt.Sscanf(string(m.Body()), "message %d ", &n)
	return n
}

// eventually waits until ok reports so, for a minute at most; complaint says what was
// wrong when it never did.
func eventually(tb testing.TB, ok func() bool, complaint func() string) {
	tb.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatal(complaint())
		}
	}
}

// define defines a queue and waits until that is durable.
func define(tb testing.TB, s Store, id uint64) Queue {
	tb.Helper()
	done := make(chan struct{})
	s.Define([]Definition{{Kind: KindQueue, ID: id, Value: []byte("q")}}, func() { close(done) })
	<-done
	return s.Queue(id)
}

// loadAll loads all messages of a queue.
func loadAll(tb testing.TB, q Queue) []Stored {
	tb.Helper()
	var all []Stored
	for from := uint64(1); from <= maxSeq; {
		list, upTo := q.Load([]Range{{from, maxSeq}}, 4000)
		all = append(all, list...)
		from = upTo + 1
	}
	return all
}

func seqsOf(list []Stored) []uint64 {
	seqs := []uint64{}
	for i := range list {
		seqs = append(seqs, list[i].Seq)
	}
	return seqs
}

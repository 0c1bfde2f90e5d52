package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// badgerKV is kv in Badger, every commit synced.
type badgerKV struct {
	// immutable
	db       *badger.DB
	dir      string
	memtable int64

	// owned by who commits
	next    int          // the number of the next memtable's file
	deletes atomic.Int64 // keys deleted since the tables were last flattened
	filling sync.Mutex   // one commit at a time

	read atomic.Bool // since the last look of runPaging

	// owned by runPaging
	known map[uint64]bool // tables that were there at its last look
}

// openBadger opens or makes the index in a directory, with memtables of a size.
func openBadger(dir string, memtable int64) (*badgerKV, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := removeLeftovers(dir); err != nil {
		return nil, err
	}
	opt := badger.DefaultOptions(dir).
		WithLogger(nil).
		WithMetricsEnabled(false).
		WithBypassLockGuard(true). // the store has a lock of its own
		WithSyncWrites(true).
		WithDetectConflicts(false).
		WithMemTableSize(memtable).
		WithNumMemtables(2).
		WithValueThreshold(memtable / 8). // nothing goes to the value log but what no transaction could have
		WithValueLogFileSize(32 << 20).   // a sparse file, and the most that such a value may have
		WithBaseTableSize(1 << 20).       // for which it takes a buffer of twice that, many times
		WithNumLevelZeroTables(4).
		WithBaseLevelSize(4 << 20). // a compaction has all of the base level in memory
		WithBlockSize(64 << 10).
		WithNumCompactors(2).
		WithCompression(options.None).
		WithBlockCacheSize(0).
		WithIndexCacheSize(0).
		WithNumGoroutines(1)
	opt.TableSizeMultiplier = 1
	db, err := badger.Open(opt)
	if err != nil {
		return nil, fmt.Errorf("open the index: %w", err)
	}
	b := &badgerKV{db: db, dir: dir, memtable: memtable}
	if err := b.findMemtable(); err != nil {
		db.Close()
		return nil, fmt.Errorf("open the index: %w", err)
	}
	return b, nil
}

// removeLeftovers removes empty files that Badger leaves when it is killed
// while making or removing them, and cannot open afterwards
// (dgraph-io/badger#2207). An empty one is new or already written elsewhere.
func removeLeftovers(dir string) error {
	for _, pattern := range [...]string{"*.mem", "*.vlog"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, name := range names {
			info, err := os.Stat(name)
			if err != nil {
				return err
			}
			if info.Size() == 0 {
				if err := os.Remove(name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (b *badgerKV) scan(prefix []byte, fn func(key, value []byte) error) error {
	defer b.read.Store(true)
	return b.db.View(func(txn *badger.Txn) error {
		opt := badger.DefaultIteratorOptions
		opt.Prefix = prefix
		opt.PrefetchValues = false
		it := txn.NewIterator(opt)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			item := it.Item()
			err := item.Value(func(v []byte) error { return fn(item.Key(), v) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *badgerKV) get(key []byte) (value []byte, err error) {
	defer b.read.Store(true)
	err = b.db.View(func(txn *badger.Txn) error {
		item, err := txn.Get(key)
		if err != nil {
			return err
		}
		value, err = item.ValueCopy(nil)
		return err
	})
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	return value, err
}

// commit uses one transaction: Badger's write batches split without a word.
func (b *badgerKV) commit(changes []change) error {
	b.filling.Lock()
	defer b.filling.Unlock()
	deletes := int64(0)
	err := b.db.Update(func(txn *badger.Txn) error {
		for _, c := range changes {
			var err error
			if c.deleted {
				deletes++
				err = txn.Delete(c.key)
			} else {
				err = txn.Set(c.key, c.value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	b.deletes.Add(deletes)
	b.takeRoom()
	return err
}

func (b *badgerKV) close() error { return b.db.Close() }

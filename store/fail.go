package store

import (
	"errors"
	"fmt"
)

// fail ends the store for good: nothing is accepted or confirmed any more.
func (s *durable) fail(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.room.Broadcast()
	s.mu.Unlock()
	s.report(err)
}

// report calls OnFail, the first time.
func (s *durable) report(err error) {
	s.mu.Lock()
	first := !s.reported
	s.reported = true
	s.mu.Unlock()
	if first && s.opt.OnFail != nil {
		s.opt.OnFail(err)
	}
}

// Close writes what is pending, makes a last checkpoint and marks the store
// clean. Of a store that has failed it only closes the files, and returns why
// it failed.
func (s *durable) Close() error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return ErrClosed
	}
	s.closing = true
	failed := s.err
	s.err = ErrClosed
	s.lazy.Stop()
	s.room.Broadcast()
	s.mu.Unlock()
	close(s.quit)
	s.workers.Wait()
	// Somebody may still lead.
	s.role.Lock()
	defer s.role.Unlock()
	if failed == nil {
		failed = s.finish()
	}
	if err := s.release(); failed == nil && err != nil {
		failed = err
	}
	if failed != nil {
		return fmt.Errorf("store: close %s: %w", s.opt.Dir, failed)
	}
	return nil
}

// finish brings everything to the disk and says so.
func (s *durable) finish() error {
	if err := s.commitInRole(nil, true); err != nil {
		return err
	}
	s.watchDisk()
	if s.checkpoints.paused.Load() {
		// The log has it all; there is no room to write it again.
		return nil
	}
	err := s.checkpoint()
	if err == nil {
		key := stateKey(keyClean)
		v := le.AppendUint64(le.AppendUint32(nil, s.log.Epoch()), uint64(s.log.End()))
		err = s.commitAll([]change{{key: key, value: seal(key, v)}})
	}
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// release closes what is open.
func (s *durable) release() error {
	var first error
	if s.log != nil {
		first = s.log.Close()
	}
	if s.kv != nil {
		if err := s.kv.close(); first == nil {
			first = err
		}
	}
	if s.lock != nil {
		if err := s.lock.Close(); first == nil {
			first = err
		}
	}
	return first
}

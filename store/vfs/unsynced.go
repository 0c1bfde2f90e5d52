package vfs

// Unsynced returns a file system whose files and directories are never synced:
// for what need not survive the process.
func Unsynced(fs FS) FS { return unsynced{fs} }

type unsynced struct{ FS }

func (u unsynced) Create(name string) (File, error) { return unsyncedFile(u.FS.Create(name)) }
func (u unsynced) Open(name string) (File, error)   { return unsyncedFile(u.FS.Open(name)) }
func (u unsynced) SyncDir(string) error             { return nil }

type unsyncedOne struct{ File }

func unsyncedFile(f File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return unsyncedOne{f}, nil
}

func (unsyncedOne) Sync() error { return nil }

// Package log keeps bytes in one endless log: records that are appended,
// synced many at a time, and read back by their position. The log lies in
// segment files of one size, which are prepared ahead and used again.
//
// The life of a log is [Open], which only reads; [Log.Replay], which gives
// back the records from a position on and tells a torn end from damage;
// [Log.Start], after which records can be appended; [Log.Close].
//
// One goroutine at a time appends, writes and syncs: the appender. Everything
// that any goroutine may call says so. DESIGN.md holds the format and the
// crash model.
package log

// Package vfs is the small file layer that all work on log files goes
// through. [OS] is the real one. [Fake] keeps files in memory and can be made
// to fail, to tear writes and to forget at a power cut what was not synced;
// tests of the packages above use it.
//
// What a program may count on, and no more:
//   - [File.Sync] makes the contents and the length of a file survive a power
//     cut, but not its name.
//   - [FS.SyncDir] makes the names in a directory survive: files created,
//     renamed or removed before.
//   - What was not synced survives the end of the process, but at a power cut
//     any part of it may be kept, in any order, down to single sectors.
package vfs

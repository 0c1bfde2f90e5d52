package integration

import (
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"testing"
)

// goroutineCounter counts the goroutines of a running program of ours from outside, in its memory: the program need not
// know. Symbols and debug information, which go build leaves in, say where to look.
type goroutineCounter struct {
	length, list uint64 // addresses of the Go runtime's count of goroutine records and of their list
	status       uint64 // where in a record the goroutine's state is
}

func newGoroutineCounter(t testing.TB, program lepus) goroutineCounter {
	t.Helper()
	file, err := elf.Open(string(program))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var c goroutineCounter
	for _, s := range symbols {
		switch s.Name {
		case "runtime.allglen":
			c.length = s.Value
		case "runtime.allgptr":
			c.list = s.Value
		}
	}
	debug, err := file.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	c.status = fieldOffset(t, debug, "runtime.g", "atomicstatus")
	if c.length == 0 || c.list == 0 {
		t.Fatal("this version of Go keeps its list of goroutines elsewhere")
	}
	return c
}

func fieldOffset(t testing.TB, debug *dwarf.Data, structure, field string) uint64 {
	t.Helper()
	entries := debug.Reader()
	for {
		e, err := entries.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			t.Fatalf("no field %s in %s", field, structure)
		}
		if e.Tag != dwarf.TagStructType || e.Val(dwarf.AttrName) != structure {
			continue
		}
		typ, err := debug.Type(e.Offset)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range typ.(*dwarf.StructType).Field {
			if f.Name == field {
				return uint64(f.ByteOffset)
			}
		}
	}
}

// count returns how many goroutines there are, the runtime's own included. The program runs on meanwhile, so that those
// that begin or end right now may be counted or not.
func (c goroutineCounter) count(pid int) (int, error) {
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return 0, err
	}
	defer func() { _ = mem.Close() }()
	word := func(at uint64) uint64 {
		var b [8]byte
		if _, e := mem.ReadAt(b[:], int64(at)); e != nil && err == nil {
			err = e
		}
		return binary.NativeEndian.Uint64(b[:])
	}
	records := make([]byte, 8*word(c.length))
	if _, e := mem.ReadAt(records, int64(word(c.list))); e != nil && err == nil {
		err = e
	}
	living := 0
	for ; len(records) > 0; records = records[8:] {
		// States of records without a goroutine; the scan bit, 0x1000, does not matter.
		const idle, dead, deadExtra = 0, 6, 11
		switch uint32(word(binary.NativeEndian.Uint64(records)+c.status)) &^ 0x1000 {
		case idle, dead, deadExtra:
		default:
			living++
		}
	}
	return living, err
}

package main

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestCleanMappings(t *testing.T) {
	const smaps = `00400000-00500000 r-xp 00000000 fe:00 7 /bin/lepus
Rss:                 100 kB
Anonymous:             0 kB
VmFlags: rd ex mr
00500000-00600000 r-xp 00100000 fe:00 7 /bin/lepus
Anonymous:             4 kB
00600000-00700000 r--p 00200000 fe:00 7 /bin/lepus
Anonymous:             0 kB
00700000-00800000 rw-p 00300000 fe:00 7 /bin/lepus
Anonymous:             0 kB
00800000-00900000 r--p 00200000 fe:00 8 /bin/lepus (deleted)
Anonymous:             0 kB
00900000-00a00000 r--p 00200000 fe:00 9 /lib/other
Anonymous:             0 kB
c000000000-c000400000 rw-p 00000000 00:00 0
Anonymous:             0 kB
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]
Anonymous:             0 kB
`
	want := []mapping{{0x400000, 0x500000}, {0x600000, 0x700000}}
	if got := cleanMappings(strings.NewReader(smaps), "/bin/lepus"); !slices.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// TestTrimProgram looks at the memory that is mapped of files, of which most is the
// test's own program.
func TestTrimProgram(t *testing.T) {
	mapped := func() int {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(status), "RssFile:")
		kb, err := strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			t.Fatal(err)
		}
		return kb
	}
	before := mapped()
	trimProgram()
	if after := mapped(); after > before-before/4 {
		t.Errorf("%d kB of files are in memory, before %d", after, before)
	}
}

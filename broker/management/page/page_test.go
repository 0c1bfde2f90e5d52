package page_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/lepusmq/lepus/broker/management/page"
)

// largest is how many bytes the page may have in all: every clone and every
// binary carries them.
const largest = 300 << 10

func TestFiles(t *testing.T) {
	files := page.Files()
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	refs := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllSubmatch(index, -1)
	if len(refs) < 3 {
		t.Fatalf("index.html refers to %d files, want its script, style and icon", len(refs))
	}
	for _, ref := range refs {
		// The page works below any path only if it names its files relative to itself.
		name, relative := bytes.CutPrefix(ref[1], []byte("./"))
		if !relative {
			t.Errorf("index.html refers to %s, want a relative path", ref[1])
		}
		if _, err := fs.Stat(files, string(name)); err != nil {
			t.Errorf("index.html refers to a file that is not there: %v", err)
		}
	}
	// The policy forbids what would stand within the document.
	for _, inline := range []string{`<script>`, `<style`, ` style=`, ` onload=`} {
		if bytes.Contains(index, []byte(inline)) {
			t.Errorf("index.html has %q, which the content security policy forbids", inline)
		}
	}
}

func TestFilesAreSmall(t *testing.T) {
	var size int64
	err := fs.WalkDir(page.Files(), ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		size += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if size > largest {
		t.Errorf("the page has %d bytes, want at most %d", size, largest)
	}
}

// The committed files are those that the sources give.
func TestFilesAreBuilt(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("not built again: there is no node")
	}
	if _, err := os.Stat("node_modules/vite"); err != nil {
		t.Skip("not built again: there are no node modules; make page-modules installs them")
	}
	// What a test reads decides whether its result may be remembered: node's reading does not count.
	for _, folder := range []string{"src", "public"} {
		contents(t, os.DirFS(folder))
	}
	built := t.TempDir()
	for _, args := range [][]string{
		{"node_modules/typescript/bin/tsc", "--noEmit"},
		{"node_modules/vite/bin/vite.js", "build", "--outDir", built, "--logLevel", "warn"},
	} {
		if out, err := exec.CommandContext(t.Context(), "node", args...).CombinedOutput(); err != nil {
			t.Fatalf("node %v: %v\n%s", args, err, out)
		}
	}
	want, got := contents(t, os.DirFS(built)), contents(t, page.Files())
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is not what the sources give: make page, and commit it", filepath.Join("dist", name))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is nothing that the sources give: make page, and commit it", filepath.Join("dist", name))
		}
	}
}

func contents(t *testing.T, files fs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

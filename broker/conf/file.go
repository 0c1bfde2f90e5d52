package conf

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	maxFile  = 1 << 20 // of the configuration, and of what it takes in
	maxFiles = 1000    // in a folder
)

// Assignment is one value that was given to a key.
type Assignment struct {
	Key, Value string
	// From is where: file:line, the name of a flag or variable, or "default".
	From string
	// row and names are of the table.
	row   *Key
	names []string
}

// readFile reads the assignments of one file.
func (r *reader) readFile(path string) ([]Assignment, error) {
	text, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var all []Assignment
	var errs []error
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxFile)
	for n := 1; lines.Scan(); n++ {
		at := fmt.Sprintf("%s:%d", path, n)
		key, value, quoted, err := parseLine(lines.Text())
		if err == nil && key != "" && !quoted {
			value, err = r.expand(value, filepath.Dir(path))
		}
		var a Assignment
		if err == nil && key != "" {
			a, err = r.assign(key, value, at)
		}
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", at, err))
		case key != "":
			all = append(all, a)
		}
	}
	if err := lines.Err(); err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", path, err))
	}
	return all, errors.Join(errs...)
}

// readFolder reads the files of a folder whose names end in .conf, by name.
func (r *reader) readFolder(path string) ([]Assignment, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	if len(entries) > maxFiles {
		return nil, fmt.Errorf("%s: there are more than %d files", path, maxFiles)
	}
	var all []Assignment
	var errs []error
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".conf" {
			continue
		}
		r.files = append(r.files, filepath.Join(path, e.Name()))
		some, err := r.readFile(filepath.Join(path, e.Name()))
		all, errs = append(all, some...), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// readBounded reads a file that is no larger than a configuration is.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s: it has more than %d bytes", path, maxFile)
	}
	return text, nil
}

// parseLine takes a line apart; the key is empty if there is nothing in it. A
// value is what is between the = and the end of the line or a #, without the
// space around it. In single quotes it may have anything but those, and stands
// for itself.
func parseLine(line string) (key, value string, quoted bool, err error) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", "", false, nil
	}
	key, value, ok := strings.Cut(line, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !ok || key == "" || strings.ContainsAny(key, " \t") {
		return "", "", false, errors.New("this is neither a comment nor key = value")
	}
	if strings.HasPrefix(value, "'") {
		inside, rest, ok := strings.Cut(value[1:], "'")
		rest = strings.TrimSpace(rest)
		if !ok || rest != "" && rest[0] != '#' {
			return "", "", false, fmt.Errorf("the quote of the value of %s does not end", key)
		}
		return key, inside, true, nil
	}
	value, _, _ = strings.Cut(value, "#")
	if value = strings.TrimSpace(value); value == "" {
		return "", "", false, fmt.Errorf("%s has no value", key)
	}
	return key, value, false, nil
}

// expand puts in what stands for something else: $(NAME) for a variable of the
// environment, $(<FILE) for what is in a file, whose path is taken from dir.
func (r *reader) expand(value, dir string) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(value, "$(")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		name, after, ok := strings.Cut(rest, ")")
		if !ok {
			return "", errors.New("a $( has no )")
		}
		text, err := r.lookUp(strings.TrimSpace(name), dir)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
		value = after
	}
}

func (r *reader) lookUp(name, dir string) (string, error) {
	path, ok := strings.CutPrefix(name, "<")
	if !ok {
		text, ok := r.env[name]
		if !ok {
			return "", fmt.Errorf("the environment has no variable %s", name)
		}
		return text, nil
	}
	path = strings.TrimSpace(path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	text, err := readBounded(path)
	return strings.TrimSpace(string(text)), err
}

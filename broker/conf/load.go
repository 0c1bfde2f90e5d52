package conf

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Sources are where a configuration comes from.
type Sources struct {
	// Defaults replace those of the table, by key: what depends on the machine.
	Defaults map[string]string
	// Files are files and folders of files that are read in this order, so that
	// the last counts. Without any, those are that the environment names, or else
	// those in Usual that there are.
	Files, Usual []string
	// EnvFile is a file with further variables, which may be missing; the
	// environment may name another. Advanced is the usual place of RabbitMQ's
	// second file, with Erlang terms, which need not be there.
	EnvFile, Advanced string
	// Environ is the environment, as os.Environ gives it.
	Environ []string
	// Set are the flags.
	Set []Assignment
	// Memory returns how much memory there is, in bytes; 0 is unknown.
	Memory func() int64
}

// Loaded is a configuration with where it comes from.
type Loaded struct {
	Settings *Settings
	// Effective are the assignments that count, in the order of the table.
	Effective []Assignment
	// Files are those that were read.
	Files []string
	// Warnings are what has no effect, one line each.
	Warnings []string
}

// reader reads a configuration.
type reader struct {
	table    table
	env      map[string]string
	files    []string
	warnings []string
}

// Load reads a configuration. The error names all that is wrong, each with its
// place.
func Load(src Sources) (*Loaded, error) {
	r := &reader{table: newTable(Keys())}
	var layers [][]Assignment
	var errs []error
	if err := r.readVariables(src); err != nil {
		return nil, err
	}
	for _, read := range []func(Sources) ([]Assignment, error){r.defaults, r.readFiles, r.readEnvironment, r.readFlags} {
		layer, err := read(src)
		layers, errs = append(layers, layer), append(errs, err)
	}
	effective := merge(layers)
	settings, err := apply(effective, src.Memory)
	errs = append(errs, err)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, a := range effective {
		if a.row.Ignored != "" && a.From != fromDefault {
			r.warnings = append(r.warnings, fmt.Sprintf("%s: %s has no effect: %s", a.From, a.Key, a.row.Ignored))
		}
	}
	return &Loaded{Settings: settings, Effective: effective, Files: r.files, Warnings: r.warnings}, nil
}

const fromDefault = "default"

// assign makes an assignment of a key's text, and checks the value.
func (r *reader) assign(key, value, from string) (Assignment, error) {
	parts, err := splitKey(key)
	if err != nil {
		return Assignment{}, err
	}
	row, names := r.table.find(parts)
	if row == nil {
		if near := r.table.nearest(key); near != "" {
			return Assignment{}, fmt.Errorf("there is no key %s: is it %s?", key, near)
		}
		return Assignment{}, fmt.Errorf("there is no key %s", key)
	}
	if row.Refused != "" {
		return Assignment{}, fmt.Errorf("%s: %s", key, row.Refused)
	}
	a := Assignment{Key: key, Value: value, From: from, row: row, names: names}
	if err := a.apply(newSettings(func() int64 { return 0 })); err != nil {
		return Assignment{}, err
	}
	return a, nil
}

// apply puts the value where it belongs.
func (a *Assignment) apply(s *Settings) error {
	if a.row.Type.apply == nil {
		return nil
	}
	err := a.row.Type.apply(Target{Settings: s, Names: a.names}, a.Value)
	if err != nil && a.row.Secret {
		return fmt.Errorf("%s: the value is not what it should be: %s", a.Key, a.row.Type.Name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", a.Key, err)
	}
	return nil
}

// NeedRestart returns the keys whose values differ in another configuration and
// count when the broker starts only, sorted.
func (l *Loaded) NeedRestart(next *Loaded) []string {
	were, are := l.lasting(), next.lasting()
	changed := map[string]bool{}
	for key := range were {
		changed[key] = were[key] != are[key]
	}
	for key := range are {
		changed[key] = were[key] != are[key]
	}
	return slices.AppendSeq([]string(nil), trueNames(changed))
}

// lasting returns the values, by key, that do not change while the broker runs.
func (l *Loaded) lasting() map[string]string {
	all := map[string]string{}
	for _, a := range l.Effective {
		if !a.row.Reload && a.row.Ignored == "" {
			all[a.Key] = a.Value
		}
	}
	return all
}

// Public returns what counts, by key, without what is secret.
func (l *Loaded) Public() map[string]any {
	all := make(map[string]any, len(l.Effective))
	for _, a := range l.Effective {
		if !a.row.Secret {
			all[a.Key] = a.Value
		}
	}
	return all
}

// Line returns the assignment as a line of a file, without what is secret.
func (a *Assignment) Line() string {
	value := a.Shown()
	if value == "" || strings.ContainsAny(value, "#'") || strings.TrimSpace(value) != value {
		value = "'" + value + "'"
	}
	return a.Key + " = " + value
}

// ParseAssignment reads KEY=VALUE, where a value needs no quotes.
func ParseAssignment(s, from string) (Assignment, error) {
	key, value, ok := strings.Cut(s, "=")
	if !ok {
		return Assignment{}, fmt.Errorf("%s: %q is not KEY=VALUE", from, s)
	}
	return Assignment{Key: strings.TrimSpace(key), Value: strings.TrimSpace(value), From: from}, nil
}

// Check reads a file, or a folder of files, by itself. The error names all that is
// wrong with it.
func Check(path string) (*Loaded, error) {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, RabbitPrefix) {
			env = append(env, e)
		}
	}
	return Load(Sources{Files: []string{path}, Environ: env, Defaults: map[string]string{"data_dir": "."}})
}

// Shown returns the value for people: not that of a secret.
func (a *Assignment) Shown() string {
	if a.row != nil && a.row.Secret {
		return "******"
	}
	return a.Value
}

func (r *reader) defaults(src Sources) ([]Assignment, error) {
	var all []Assignment
	var errs []error
	for _, k := range r.table.keys {
		value, ok := src.Defaults[k.Pattern]
		if !ok {
			value = k.Default
		}
		if value == "" {
			continue
		}
		for key, value := range defaultOf(k.Pattern, value) {
			a, err := r.assign(key, value, fromDefault)
			all, errs = append(all, a), append(errs, err)
		}
	}
	return all, errors.Join(errs...)
}

// defaultOf yields the assignments of a default: of a pattern with $name it is
// name = value, and several of them with commas between.
func defaultOf(pattern, value string) func(func(key, value string) bool) {
	return func(yield func(key, value string) bool) {
		before, _, ok := strings.Cut(pattern, "$")
		if !ok {
			yield(pattern, value)
			return
		}
		for one := range strings.SplitSeq(value, ",") {
			name, value, _ := strings.Cut(one, "=")
			if !yield(before+strings.TrimSpace(name), strings.TrimSpace(value)) {
				return
			}
		}
	}
}

func (r *reader) readFiles(src Sources) ([]Assignment, error) {
	files := src.Files
	if len(files) == 0 {
		files = r.namedFiles()
	}
	if len(files) == 0 {
		files = existing(src.Usual)
	}
	var all []Assignment
	var errs []error
	for _, path := range files {
		info, err := os.Stat(path)
		var some []Assignment
		switch {
		case path == noFile:
			err = nil
		case err != nil:
			err = fmt.Errorf("configuration: %w", err)
		case info.IsDir():
			some, err = r.readFolder(path)
		default:
			r.files = append(r.files, path)
			some, err = r.readFile(path)
		}
		all, errs = append(all, some...), append(errs, err)
	}
	usual := src.Advanced
	if len(src.Files) > 0 { // who names files wants no others
		usual = ""
	}
	some, err := r.readAdvanced(usual)
	return append(all, some...), errors.Join(append(errs, err)...)
}

// noFile is the name of no file at all.
const noFile = "none"

// existing returns the paths at which there is something.
func existing(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		_, err := os.Stat(path)
		return err != nil
	})
}

func (r *reader) readFlags(src Sources) ([]Assignment, error) {
	var all []Assignment
	var errs []error
	for _, f := range src.Set {
		a, err := r.assign(f.Key, f.Value, f.From)
		if err != nil {
			err = fmt.Errorf("%s: %w", f.From, err)
		} else {
			all = append(all, a)
		}
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// merge returns what counts of layers, of which later ones count more: of each
// group, the last layer that says anything; in it, of each key the last value.
func merge(layers [][]Assignment) []Assignment {
	last := map[string]int{}
	for i, layer := range layers {
		for _, a := range layer {
			last[a.row.group()] = i
		}
	}
	at := map[string]int{}
	var all []Assignment
	for i, layer := range layers {
		for _, a := range layer {
			if last[a.row.group()] != i {
				continue
			}
			if j, ok := at[a.Key]; ok {
				all[j] = a
				continue
			}
			at[a.Key] = len(all)
			all = append(all, a)
		}
	}
	return all
}

// apply makes settings of what counts.
func apply(effective []Assignment, memory func() int64) (*Settings, error) {
	if memory == nil {
		memory = func() int64 { return 0 }
	}
	s := newSettings(memory)
	for i := range effective {
		if err := effective[i].apply(s); err != nil {
			return nil, fmt.Errorf("%s: %w", effective[i].From, err)
		}
	}
	return s, s.settle()
}

package broker

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"go.uber.org/zap"
)

// maxDefinitions is the size of the largest file of definitions, in bytes.
const maxDefinitions = 256 << 20

// loadDefinitions imports what the configuration names.
func (b *Broker) loadDefinitions() error {
	for _, path := range b.cfg.Definitions {
		files, err := definitionFiles(path)
		if err != nil {
			return fmt.Errorf("load definitions: %w", err)
		}
		for _, file := range files {
			if err := b.loadDefinitionFile(file); err != nil {
				return fmt.Errorf("load definitions of %s: %w", file, err)
			}
			b.log.Info("definitions loaded", zap.String("file", file))
		}
	}
	return nil
}

func (b *Broker) loadDefinitionFile(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxDefinitions+1))
	if err != nil {
		return err
	}
	if len(text) > maxDefinitions {
		return fmt.Errorf("it has more than %d bytes", maxDefinitions)
	}
	return b.ImportDefinitions("", text)
}

// definitionFiles returns the file itself, or those with JSON in the folder, by
// name.
func definitionFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	// The pattern is a good one, which is the only error there is.
	files, _ := filepath.Glob(filepath.Join(path, "*.json"))
	slices.Sort(files)
	return files, nil
}

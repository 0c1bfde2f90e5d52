package main

import (
	"bytes"
	"cmp"
	_ "embed" // for extra.xml
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	specModule = "github.com/rabbitmq/amqp091-go"
	specFile   = "spec/amqp0-9-1.stripped.extended.xml"
)

//go:embed extra.xml
var extra []byte

type spec struct {
	Domains []struct {
		Name string `xml:"name,attr"`
		Type string `xml:"type,attr"`
	} `xml:"domain"`
	Classes []class `xml:"class"`
}

type class struct {
	Name    string   `xml:"name,attr"`
	Index   int      `xml:"index,attr"`
	Methods []method `xml:"method"`
}

type method struct {
	Name    string  `xml:"name,attr"`
	Index   int     `xml:"index,attr"`
	Content bool    `xml:"content,attr"`
	Fields  []field `xml:"field"`
}

type field struct {
	Name     string `xml:"name,attr"`
	Domain   string `xml:"domain,attr"`
	Type     string `xml:"type,attr"` // instead of a domain; resolved for all
	Reserved bool   `xml:"reserved,attr"`
}

// readSpec reads the specification from the module that ships it and adds what
// it lacks.
func readSpec() (*spec, error) {
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", specModule)
	cmd.Stderr = os.Stderr
	dir, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("find module %s: %w", specModule, err)
	}
	src, err := os.ReadFile(filepath.Join(string(bytes.TrimSpace(dir)), specFile))
	if err != nil {
		return nil, fmt.Errorf("read specification: %w", err)
	}
	var s, more spec
	if err := xml.Unmarshal(src, &s); err != nil {
		return nil, fmt.Errorf("parse %s: %w", specFile, err)
	}
	if err := xml.Unmarshal(extra, &more); err != nil {
		return nil, fmt.Errorf("parse extra.xml: %w", err)
	}
	s.Classes = append(s.Classes, more.Classes...)
	if err := s.resolve(); err != nil {
		return nil, err
	}
	return &s, nil
}

// resolve gives every field its type and sorts by number.
func (s *spec) resolve() error {
	types := map[string]string{}
	for _, d := range s.Domains {
		types[d.Name] = d.Type
	}
	slices.SortFunc(s.Classes, func(a, b class) int { return cmp.Compare(a.Index, b.Index) })
	for _, c := range s.Classes {
		slices.SortFunc(c.Methods, func(a, b method) int { return cmp.Compare(a.Index, b.Index) })
		for _, m := range c.Methods {
			for i := range m.Fields {
				f := &m.Fields[i]
				if f.Type == "" {
					f.Type = types[f.Domain]
				}
				if wire[f.Type].read == "" && f.Type != "bit" {
					return fmt.Errorf("%s.%s: field %s has unknown type %q", c.Name, m.Name, f.Name, f.Type)
				}
			}
		}
	}
	return nil
}

// goName turns a name of the specification into a Go name.
func goName(name string) string {
	if name == "nowait" {
		return "NoWait"
	}
	var b strings.Builder
	for _, word := range strings.Split(name, "-") {
		if word == "id" {
			b.WriteString("ID")
			continue
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

package main

import (
	"bytes"
	"fmt"
	"go/format"
	"strings"
)

// wire says how a type of the specification is held, written and read. %s is
// the field. Bits are missing: up to eight in a row share an octet.
var wire = map[string]struct{ goType, write, read, zero string }{
	"octet":     {"uint8", "append(dst, %s)", "octet", "0"},
	"short":     {"uint16", "binary.BigEndian.AppendUint16(dst, %s)", "short", "0, 0"},
	"long":      {"uint32", "binary.BigEndian.AppendUint32(dst, %s)", "long", "0, 0, 0, 0"},
	"longlong":  {"uint64", "binary.BigEndian.AppendUint64(dst, %s)", "longlong", "0, 0, 0, 0, 0, 0, 0, 0"},
	"timestamp": {"int64", "binary.BigEndian.AppendUint64(dst, uint64(%s))", "timestamp", "0, 0, 0, 0, 0, 0, 0, 0"},
	"shortstr":  {"string", "appendShortstr(dst, %s)", "shortstr", "0"},
	"longstr":   {"string", "appendLongstr(dst, %s)", "longstr", "0, 0, 0, 0"},
	"table":     {"Table", "%s.Append(dst)", "table", "0, 0, 0, 0"},
}

// emitter gathers the source.
type emitter struct{ bytes.Buffer }

func (e *emitter) line(f string, args ...any) { fmt.Fprintf(e, f+"\n", args...) }

// named is a method with its names.
type named struct {
	method
	wireName, goName string
	class            int
}

func emit(s *spec) ([]byte, error) {
	var methods []named
	for _, c := range s.Classes {
		for _, m := range c.Methods {
			methods = append(methods, named{m, c.Name + "." + m.Name, goName(c.Name) + goName(m.Name), c.Index})
		}
	}
	e := new(emitter)
	e.line("// Code generated from %s of %s; DO NOT EDIT.", specFile, specModule)
	e.line("\npackage amqp\n\nimport \"encoding/binary\"")
	e.ids(methods)
	e.lookups(methods)
	for _, m := range methods {
		e.method(m)
	}
	src, err := format.Source(e.Bytes())
	if err != nil {
		return nil, fmt.Errorf("format generated source: %w", err)
	}
	return src, nil
}

func (e *emitter) ids(methods []named) {
	e.line("\n// The methods, by class and number.\nconst (")
	for _, m := range methods {
		e.line("%sID MethodID = %d<<16 | %d", m.goName, m.class, m.Index)
	}
	e.line(")")
}

func (e *emitter) lookups(methods []named) {
	e.line("\n// methodName returns \"\" for a method that does not exist.")
	e.line("func methodName(id MethodID) string {\nswitch id {")
	for _, m := range methods {
		e.line("case %sID: return %q", m.goName, m.wireName)
	}
	e.line("}\nreturn \"\"\n}")
	e.line("\n// newMethod returns nil for a method that does not exist.")
	e.line("func newMethod(id MethodID) Method {\nswitch id {")
	for _, m := range methods {
		e.line("case %sID: return new(%s)", m.goName, m.goName)
	}
	e.line("}\nreturn nil\n}")
}

func (e *emitter) method(m named) {
	e.line("\n// %s is %s.", m.goName, m.wireName)
	if m.borrows() {
		e.line("// Its byte slices are borrowed when decoded.")
	}
	if !m.holds() {
		e.line("type %s struct{}\n", m.goName)
	} else {
		e.line("type %s struct {", m.goName)
		for _, f := range m.Fields {
			if !f.Reserved {
				e.line("%s %s", goName(f.Name), m.goType(f))
			}
		}
		e.line("}\n")
	}
	e.line("func (*%s) ID() MethodID { return %[1]sID }", m.goName)
	e.append(m)
	e.decode(m)
}

func (e *emitter) append(m named) {
	receiver, exprs := "", m.appends()
	if m.holds() {
		receiver = "m "
	}
	e.line("\nfunc (%s*%s) Append(dst []byte) []byte {", receiver, m.goName)
	last := len(exprs) - 1
	for _, x := range exprs[:last] {
		e.line("dst = %s", x)
	}
	e.line("return %s\n}", exprs[last])
}

// appends returns the expressions that append the payload to dst, one after
// the other. Constant octets in a row, as the class and method and a reserved
// field behind them, are one.
func (m named) appends() (exprs []string) {
	constant := []string{fmt.Sprintf("0, %d, 0, %d", m.class, m.Index)}
	flush := func() {
		if constant != nil {
			exprs = append(exprs, "append(dst, "+strings.Join(constant, ", ")+")")
			constant = nil
		}
	}
	m.walk(func(f field) {
		if f.Reserved {
			constant = append(constant, wire[f.Type].zero)
			return
		}
		flush()
		exprs = append(exprs, fmt.Sprintf(wire[f.Type].write, "m."+goName(f.Name)))
	}, func(bits []field) {
		var terms []string
		for i, f := range bits {
			switch {
			case f.Reserved:
			case i == 0:
				terms = append(terms, "bit(m."+goName(f.Name)+")")
			default:
				terms = append(terms, fmt.Sprintf("bit(m.%s)<<%d", goName(f.Name), i))
			}
		}
		if terms == nil {
			constant = append(constant, "0")
			return
		}
		flush()
		exprs = append(exprs, "append(dst, "+strings.Join(terms, "|")+")")
	})
	flush()
	return exprs
}

func (e *emitter) decode(m named) {
	receiver := "m "
	if !m.holds() {
		receiver = ""
	}
	e.line("\nfunc (%s*%s) Decode(args []byte) error {\nr := reader{b: args}", receiver, m.goName)
	m.walk(func(f field) {
		read := wire[f.Type].read
		if m.goType(f) == "[]byte" {
			read = "shortbytes"
		}
		if f.Reserved {
			e.line("r.%s()", read)
			return
		}
		e.line("m.%s = r.%s()", goName(f.Name), read)
	}, func(bits []field) {
		if bits[0].Reserved {
			e.line("r.octet()")
			return
		}
		if len(bits) == 1 {
			e.line("m.%s = r.octet()&1 != 0", goName(bits[0].Name))
			return
		}
		e.line("bits := r.octet()")
		for i, f := range bits {
			e.line("m.%s = bits&%d != 0", goName(f.Name), 1<<i)
		}
	})
	e.line("return r.done(%sID, args)\n}", m.goName)
}

// walk calls one for each field, and pack for each run of up to eight bits.
func (m named) walk(one func(field), pack func([]field)) {
	for i := 0; i < len(m.Fields); {
		n := i
		for n < len(m.Fields) && n < i+8 && m.Fields[n].Type == "bit" {
			n++
		}
		if n > i {
			pack(m.Fields[i:n])
			i = n
			continue
		}
		one(m.Fields[i])
		i++
	}
}

// holds reports whether the method has a field that is not reserved.
func (m named) holds() bool {
	for _, f := range m.Fields {
		if !f.Reserved {
			return true
		}
	}
	return false
}

// borrows reports whether the method has strings that are borrowed: those that
// travel with content are worth it.
func (m named) borrows() bool { return m.Content }

// goType returns the type of a field of m.
func (m named) goType(f field) string {
	switch {
	case f.Type == "bit":
		return "bool"
	case f.Type == "shortstr" && m.borrows():
		return "[]byte"
	}
	return wire[f.Type].goType
}

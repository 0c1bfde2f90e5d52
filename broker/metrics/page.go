package metrics

import (
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// kind is what a metric is, in Prometheus's words.
type kind string

const (
	counter   kind = "counter"
	gauge     kind = "gauge"
	histogram kind = "histogram"
	untyped   kind = "untyped"
)

// contentType is that of a page.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// page is the answer to a scrape, written while it is made: families of samples in
// Prometheus's text format
// (https://prometheus.io/docs/instrumenting/exposition_formats/). It belongs to one
// goroutine. After a write that failed nothing more is written.
type page struct {
	to  io.Writer
	buf []byte
	err error
}

// pageBuffer is how much is gathered before it is written.
const pageBuffer = 32 << 10

func newPage(to io.Writer) *page { return &page{to: to, buf: make([]byte, 0, pageBuffer+1<<10)} }

// family begins a family, to which the samples belong that follow. help is one line
// without a backslash.
func (p *page) family(name string, k kind, help string) {
	p.buf = append(p.buf, "# HELP "...)
	p.buf = append(append(p.buf, name...), ' ')
	p.buf = append(append(p.buf, help...), "\n# TYPE "...)
	p.buf = append(append(p.buf, name...), ' ')
	p.buf = append(append(p.buf, k...), '\n')
}

// sample tells a value. labels are as [appendLabels] makes them.
func (p *page) sample(name string, labels []byte, value float64) {
	p.buf = append(append(p.buf, name...), labels...)
	p.buf = append(p.buf, ' ')
	if n := int64(value); float64(n) == value {
		p.buf = strconv.AppendInt(p.buf, n, 10)
	} else {
		p.buf = strconv.AppendFloat(p.buf, value, 'g', -1, 64)
	}
	if p.buf = append(p.buf, '\n'); len(p.buf) >= pageBuffer {
		p.flush()
	}
}

// flush writes what has gathered.
func (p *page) flush() {
	if p.err == nil {
		_, p.err = p.to.Write(p.buf)
	}
	p.buf = p.buf[:0]
}

// Write implements io.Writer: what others have written follows what is there.
func (p *page) Write(text []byte) (int, error) {
	p.flush()
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.to.Write(text)
	p.err = err
	return n, err
}

// gathered tells what a registry knows: what it cannot tell must not keep back all
// else.
func (p *page) gathered(from prometheus.Gatherer) {
	families, _ := from.Gather()
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(p, f); err != nil {
			p.err = err
			return
		}
	}
}

// appendLabels appends names and their values, {name="value",…}; nothing if there
// are none. A value is told as far as it is text.
func appendLabels(buf []byte, names, values []string) []byte {
	for i, name := range names {
		if i == 0 {
			buf = append(buf, '{')
		} else {
			buf = append(buf, ',')
		}
		buf = append(append(buf, name...), '=', '"')
		buf = append(appendEscaped(buf, values[i]), '"')
	}
	if len(names) > 0 {
		buf = append(buf, '}')
	}
	return buf
}

func appendEscaped(buf []byte, value string) []byte {
	for _, c := range []byte(value) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendText(buf, strings.ToValidUTF8(value, "\uFFFD"))
		}
	}
	return append(buf, value...)
}

// appendText appends a value in which some bytes cannot stand for themselves.
func appendText(buf []byte, value string) []byte {
	for _, c := range []byte(value) {
		switch c {
		case '\n':
			buf = append(buf, `\n`...)
		case '"', '\\':
			buf = append(buf, '\\', c)
		default:
			buf = append(buf, c)
		}
	}
	return buf
}

// known is a size; nothing where -1 says that nobody knows it.
func known[N int | int64](size N) float64 {
	if size < 0 {
		return math.NaN()
	}
	return float64(size)
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

package conf

import "fmt"

// gathered is the assignments of variables, terms or flags, and what is
// wrong there.
type gathered struct {
	*reader
	all  []Assignment
	errs []error
}

func (g *gathered) add(from, key, value string) {
	a, err := g.assign(key, value, from)
	if err != nil {
		g.errs = append(g.errs, fmt.Errorf("%s: %w", from, err))
		return
	}
	g.all = append(g.all, a)
}

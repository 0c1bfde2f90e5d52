package management

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lepusmq/lepus/broker/pattern"
)

// object is something that is shown: a row of a list.
type object = map[string]any

// list is what there is to list, before anything of it is computed: of 100,000 rows
// only those on the page are.
type list struct {
	n    int
	name func(i int) string
	// sorted says that they come in the order of their names.
	sorted bool
	// row computes a row; nil if that is no more.
	row func(i int) object
	// key returns what to sort by, if that is cheap for a column, and otherwise nil.
	// It may itself be nil.
	key func(column string) func(i int) sortKey
	// light computes a row with no more than these columns, if that is cheap, and
	// otherwise is nil. It may itself be nil.
	light func(columns []string) func(i int) object
}

// rows is a list of rows that have been computed. Their names are under the key that
// is given.
func rows(all []object, name string) list {
	return list{
		n:    len(all),
		name: func(i int) string { s, _ := all[i][name].(string); return s },
		row:  func(i int) object { return all[i] },
	}
}

const (
	defaultPageSize = 100
	maxPageSize     = 500
)

// paging is which part of a list is wanted.
type paging struct {
	on         bool
	page, size int
	match      func(name string) (bool, error)
	sort       string
	key        func(i int) sortKey // by which rows are ordered; nil if that is not cheap
	reverse    bool
	columns    []string
}

// list answers with a list, or the page of it that was asked for.
func (q *request) list(l list) error {
	p, err := readPaging(q.URL.Query())
	if err != nil {
		return err
	}
	index, err := l.matching(p)
	if err != nil {
		return err
	}
	if l.key != nil {
		p.key = l.key(p.sort)
	}
	l.remember(p)
	l.order(index, p)
	if !p.on {
		return q.stream(http.StatusOK, func(w io.Writer) error { return l.writeRows(w, index, p.columns) })
	}
	return q.page(l, p, index)
}

// matchTime is how long names are compared with a pattern in all.
const matchTime = 2 * time.Second

// matching returns the places of the rows that are wanted.
func (l *list) matching(p *paging) ([]int32, error) {
	index := make([]int32, 0, l.n)
	began := time.Now()
	for i := range l.n {
		if p.match != nil {
			ok, err := p.match(l.name(i))
			if err != nil || i%1024 == 1023 && time.Since(began) > matchTime {
				return nil, badPaging()
			}
			if !ok {
				continue
			}
		}
		index = append(index, int32(i))
	}
	return index, nil
}

// page answers with a page and what there is besides.
func (q *request) page(l list, p *paging, index []int32) error {
	filtered := len(index)
	from := (p.page - 1) * p.size
	if p.page > 1 && from >= filtered {
		return &fault{http.StatusBadRequest, "page_out_of_range",
			fmt.Sprintf("Page out of range, page: %d page size: %d, len: %d", p.page, p.size, filtered)}
	}
	index = index[min(from, filtered):min(from+p.size, filtered)]
	return q.stream(http.StatusOK, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, `{"filtered_count":%d,"item_count":%d,"items":`, filtered, len(index))
		if err != nil {
			return err
		}
		if err := l.writeRows(w, index, p.columns); err != nil {
			return err
		}
		pages := (filtered + p.size - 1) / p.size
		_, err = fmt.Fprintf(w, `,"page":%d,"page_count":%d,"page_size":%d,"total_count":%d}`, p.page, pages, p.size, l.n)
		return err
	})
}

// writeRows writes some rows as an array, one after the other.
func (l *list) writeRows(w io.Writer, index []int32, columns []string) error {
	row := l.row
	if l.light != nil && len(columns) > 0 {
		if light := l.light(columns); light != nil {
			row = light
		}
	}
	between := "["
	for _, i := range index {
		r := row(int(i))
		if r == nil {
			continue
		}
		if _, err := io.WriteString(w, between); err != nil {
			return err
		}
		between = ","
		if err := encode(w, pick(r, columns)); err != nil {
			return err
		}
	}
	if between == "[" {
		between = "[]"
	} else {
		between = "]"
	}
	_, err := io.WriteString(w, between)
	return err
}

// remember has rows computed once if a column decides the order that is in the rows
// only.
func (l *list) remember(p *paging) {
	if p.sort == "" || p.sort == "name" || p.key != nil {
		return
	}
	computed := make([]object, l.n)
	row := l.row
	l.row = func(i int) object {
		if computed[i] == nil {
			computed[i] = row(i)
		}
		return computed[i]
	}
}

// order sorts the rows of the index.
func (l *list) order(index []int32, p *paging) {
	switch {
	case p.sort == "":
	case p.sort == "name" && l.sorted:
	case p.sort == "name":
		slices.SortStableFunc(index, func(a, b int32) int { return cmp.Compare(l.name(int(a)), l.name(int(b))) })
	case p.key != nil:
		l.orderByKey(index, p)
		return
	default:
		path := strings.Split(p.sort, ".")
		slices.SortStableFunc(index, func(a, b int32) int {
			x, y := keyOf(at(l.row(int(a)), path)), keyOf(at(l.row(int(b)), path))
			return x.compare(&y)
		})
	}
	if p.reverse {
		slices.Reverse(index)
	}
}

// ranked is a row and what it is ordered by.
type ranked struct {
	key sortKey
	row int32
}

// orderByKey orders by keys, rows with the same by their places. Only what is to be
// shown need be in order.
func (l *list) orderByKey(index []int32, p *paging) {
	all := make([]ranked, len(index))
	for i, row := range index {
		all[i] = ranked{p.key(int(row)), row}
	}
	before := func(a, b *ranked) int {
		if order := a.key.compare(&b.key); order != 0 {
			return order
		}
		return cmp.Compare(a.row, b.row)
	}
	if p.reverse {
		forward := before
		before = func(a, b *ranked) int { return forward(b, a) }
	}
	first := len(all)
	if p.on {
		first = min(first, p.page*p.size)
		selectFirst(all, first, before)
	}
	slices.SortFunc(all[:first], func(a, b ranked) int { return before(&a, &b) })
	for i := range all {
		index[i] = all[i].row
	}
}

// selectFirst moves the n first of all to the front, in any order.
func selectFirst(all []ranked, n int, before func(a, b *ranked) int) {
	for n > 0 && n < len(all) {
		middle := partition(all, before)
		if middle >= n {
			all = all[:middle]
			continue
		}
		all, n = all[middle+1:], n-middle-1
	}
}

// partition moves what goes before some element to its left, and the rest to its
// right, and returns where it is then.
func partition(all []ranked, before func(a, b *ranked) int) int {
	last := len(all) - 1
	all[last], all[len(all)/2] = all[len(all)/2], all[last]
	at := 0
	for i := range last {
		if before(&all[i], &all[last]) < 0 {
			all[i], all[at] = all[at], all[i]
			at++
		}
	}
	all[at], all[last] = all[last], all[at]
	return at
}

// readPaging reads which part of a list is wanted, and how.
func readPaging(query url.Values) (*paging, error) {
	p := &paging{
		sort: query.Get("sort"), reverse: query.Get("sort_reverse") == "true",
		columns: columnsOf(query.Get("columns")),
	}
	if !query.Has("page") {
		return p, nil
	}
	p.on, p.size = true, defaultPageSize
	shown := "undefined"
	var err error
	if p.page, err = strconv.Atoi(query.Get("page")); err != nil {
		return nil, badPaging()
	}
	if query.Has("page_size") {
		if p.size, err = strconv.Atoi(query.Get("page_size")); err != nil {
			return nil, badPaging()
		}
		shown = strconv.Itoa(p.size)
	}
	if p.page < 1 || p.page > math.MaxInt32 || p.size < 1 || p.size > maxPageSize {
		return nil, &fault{http.StatusBadRequest, "invalid_pagination_parameters",
			fmt.Sprintf("Invalid pagination parameters: page number %d, page size %s", p.page, shown)}
	}
	p.match, err = matching(query.Get("name"), query.Get("use_regex") == "true")
	return p, err
}

func badPaging() error { return badRequest("Pagination parameters are invalid") }

// matching returns what tells the names that are wanted; nil is all. Neither kind
// minds capitals.
func matching(name string, regex bool) (func(string) (bool, error), error) {
	if name == "" {
		return nil, nil
	}
	if regex {
		p, err := pattern.Compile("(?i)" + name)
		if err != nil {
			return nil, badPaging()
		}
		return p.TryMatch, nil
	}
	name = strings.ToLower(name)
	return func(s string) (bool, error) { return strings.Contains(strings.ToLower(s), name), nil }, nil
}

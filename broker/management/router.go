package management

import (
	"net/http"
	"net/url"
	"strings"
)

// handler serves a request of one method. What it returns is told to the client.
type handler func(*request) error

// resource is what can be done at a path. Who may, is who may read it, and who may
// change it.
type resource struct {
	path         string // below /api/, with {names} for what differs
	read, write  level
	get, put     handler
	post, delete handler
}

func (r *resource) method(name string) handler {
	switch name {
	case http.MethodGet, http.MethodHead:
		return r.get
	case http.MethodPut:
		return r.put
	case http.MethodPost:
		return r.post
	case http.MethodDelete:
		return r.delete
	}
	return nil
}

// level is who may use a method.
func (r *resource) level(method string) level {
	if method == http.MethodGet || method == http.MethodHead {
		return r.read
	}
	return r.write
}

// allowed is the methods there are, as in the header Allow.
func (r *resource) allowed() string {
	var all []string
	if r.get != nil {
		all = append(all, "HEAD", "GET")
	}
	for _, m := range []string{http.MethodPut, http.MethodPost, http.MethodDelete} {
		if r.method(m) != nil {
			all = append(all, m)
		}
	}
	return strings.Join(append(all, "OPTIONS"), ", ")
}

// node is a place in the tree of paths: one segment further is one deeper. A segment
// that is named goes before any that is not.
type node struct {
	named    map[string]*node
	any      *node
	resource *resource
}

func newRoutes() *node {
	root := &node{}
	for _, group := range [][]resource{
		overviewResources(), nodeResources(), healthResources(), vhostResources(), userResources(),
		permissionResources(), policyResources(), parameterResources(), limitResources(),
		exchangeResources(), queueResources(), bindingResources(), messageResources(),
		connectionResources(), channelResources(), definitionResources(), shovelResources(),
	} {
		for i := range group {
			root.add(&group[i])
		}
	}
	return root
}

func (n *node) add(r *resource) {
	for segment := range strings.SplitSeq(r.path, "/") {
		if strings.HasPrefix(segment, "{") {
			if n.any == nil {
				n.any = &node{}
			}
			n = n.any
			continue
		}
		if n.named == nil {
			n.named = map[string]*node{}
		}
		next := n.named[segment]
		if next == nil {
			next = &node{}
			n.named[segment] = next
		}
		n = next
	}
	n.resource = r
}

// find returns what is at an escaped path, and what stands for the names in it.
// Slashes that are escaped part nothing.
func (n *node) find(path string) (*resource, map[string]string, bool) {
	var segments []string
	for s := range strings.SplitSeq(strings.TrimSuffix(path, "/"), "/") {
		plain, err := url.PathUnescape(s)
		if err != nil || len(segments) == maxSegments {
			return nil, nil, false
		}
		segments = append(segments, plain)
	}
	args := map[string]string{}
	if r := n.walk(segments, args); r != nil {
		return r, args, true
	}
	return nil, nil, false
}

// maxSegments is more than any path has.
const maxSegments = 16

func (n *node) walk(segments []string, args map[string]string) *resource {
	if len(segments) == 0 {
		return n.resource
	}
	if next := n.named[segments[0]]; next != nil {
		if r := next.walk(segments[1:], args); r != nil {
			return r
		}
	}
	if n.any == nil {
		return nil
	}
	r := n.any.walk(segments[1:], args)
	if r != nil {
		args[nameIn(r, len(segments))] = segments[0]
	}
	return r
}

// nameIn is the name of the segment of a resource's path with so many from it to the
// end.
func nameIn(r *resource, left int) string {
	all := strings.Split(r.path, "/")
	return strings.Trim(all[len(all)-left], "{}")
}

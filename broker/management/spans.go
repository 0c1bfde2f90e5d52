package management

import (
	"net/url"
	"strconv"
)

// spans are the charts that a client asks for.
type spans struct {
	lengths, messages, data, node span
}

// maxSamples is how many samples a chart has at most.
const maxSamples = 1000

// spans reads for which charts a client asks. What makes no sense is not asked for.
func (q *request) spans() spans {
	v := q.URL.Query()
	return spans{
		lengths:  spanOf(v, "lengths"),
		messages: spanOf(v, "msg_rates"),
		data:     spanOf(v, "data_rates"),
		node:     spanOf(v, "node_stats"),
	}
}

// any says that there is to be a chart.
func (s *spans) any() bool {
	return s.lengths.incr+s.messages.incr+s.data.incr+s.node.incr > 0
}

func spanOf(v url.Values, name string) span {
	const week = 7 * 24 * 3600
	age, err := strconv.ParseInt(v.Get(name+"_age"), 10, 64)
	incr, err2 := strconv.ParseInt(v.Get(name+"_incr"), 10, 64)
	if err != nil || err2 != nil || age < 1 || incr < 1 || age > week || age/incr > maxSamples {
		return span{}
	}
	return span{age: age * 1000, incr: incr * 1000}
}

// history is the past of an object, with what charts need if there are any.
func (q *request) history(p place, s *spans) history {
	return q.server.sampler.history(p, s.any())
}

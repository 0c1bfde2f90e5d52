package management

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lepusmq/lepus/broker/stats"
)

// After two samples there are rates, in lists and of one queue.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(3)
		s := New(Config{Broker: f, SampleInterval: 5 * time.Second})
		defer s.Close()
		time.Sleep(time.Second)
		synctest.Wait()
		f.change(func(all []stats.QueueCounts) {
			all[1].Messages.Publish += 500
			all[1].Ready += 20
		})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		for _, path := range []string{"/api/queues/%2F", "/api/queues?columns=name,messages_details,message_stats"} {
			w := ask(s, "GET", path, "")
			var all []struct {
				Messages struct{ Rate float64 } `json:"messages_details"`
				Stats    struct {
					Publish struct{ Rate float64 } `json:"publish_details"`
				} `json:"message_stats"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil {
				t.Fatal(err)
			}
			if all[1].Stats.Publish.Rate != 100 || all[1].Messages.Rate != 4 || all[0].Stats.Publish.Rate != 0 {
				t.Errorf("%s: rates are %+v", path, all)
			}
		}
		w := ask(s, "GET", "/api/queues?page=1&page_size=1&sort=message_stats.publish_details.rate&sort_reverse=true&columns=name", "")
		if !strings.Contains(w.Body.String(), `[{"name":"queue-000001"}]`) {
			t.Errorf("the fastest queue is %s", w.Body)
		}
	})
}

// Of many objects there are samples only while somebody looks.
func TestManyAreSampledOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(few + 1)
		s := newSampler(f, 5*time.Second, false)
		defer s.close()
		time.Sleep(time.Minute)
		if f.counted.Load() != 0 {
			t.Errorf("nobody looks, and the queues were counted %d times", f.counted.Load())
		}
		s.look(queues)
		synctest.Wait()
		if f.counted.Load() != 1 {
			t.Errorf("whoever looks has nothing to see: counted %d times", f.counted.Load())
		}
		time.Sleep(askedFor / 2)
		if f.counted.Load() < 20 {
			t.Errorf("counted %d times", f.counted.Load())
		}
		time.Sleep(askedFor)
		synctest.Wait()
		before := f.counted.Load()
		time.Sleep(time.Minute)
		synctest.Wait()
		if f.counted.Load() != before || len(s.all[queues]) != 0 {
			t.Errorf("nobody looks any more: counted %d times, %d queues kept", f.counted.Load()-before, len(s.all[queues]))
		}
	})
}

func TestCharts(t *testing.T) {
	s := &series{keeps: true}
	const minute = 60_000
	for at := int64(0); at <= 2*60*minute; at += 5000 {
		s.add(point{at, []int64{at / 1000}}) // one each second
	}
	if len(s.fine) != finePoints || len(s.coarse) != coarsePoints {
		t.Fatalf("%d and %d points are kept", len(s.fine), len(s.coarse))
	}
	h := history{s.prev, s.last, s.fine, s.coarse}
	d := h.details(0, span{age: 60_000, incr: 20_000})
	samples := d["samples"].([]object)
	if got := fmt.Sprint(samples); got != "[map[sample:7200 timestamp:7200000] map[sample:7180 timestamp:7180000] "+
		"map[sample:7160 timestamp:7160000] map[sample:7140 timestamp:7140000]]" {
		t.Errorf("the last minute is %s", got)
	}
	if d["rate"] != rate(1) || d["avg_rate"] != rate(1) || d["avg"] != rate(7170) {
		t.Errorf("details are %v", d)
	}
	hour := h.details(0, span{age: 50 * minute, incr: 10 * minute})["samples"].([]object)
	if last := hour[len(hour)-1]["sample"]; last != int64(70*60) {
		t.Errorf("50 minutes before it was %v", last)
	}
	if before := h.value(0, 0); before <= 0 {
		t.Errorf("before all that is known it was %d, not the oldest", before)
	}
}

// What was just made has a past, too, as in RabbitMQ: clients look at its first
// sample.
func TestChartOfWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		samples := (&history{}).details(0, span{age: 60_000, incr: 20_000})["samples"].([]object)
		now := time.Now().UnixMilli() / 20_000 * 20_000
		if len(samples) != 4 || samples[0]["timestamp"] != now || samples[3]["timestamp"] != now-60_000 || samples[0]["sample"] != int64(0) {
			t.Errorf("got %v", samples)
		}
	})
}

// An object is charted from when that is asked for, until nobody has asked for a
// while.
func TestObjectsAreCharted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSampler(newFake(2), 5*time.Second, false)
		defer s.close()
		synctest.Wait()
		p := place{queues, "/", "queue-000001"}
		s.history(p, true)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(s.history(p, false).fine); n < 11 || n > 13 {
			t.Errorf("%d samples of a minute", n)
		}
		if n := len(s.history(place{queues, "/", "queue-000000"}, false).fine); n != 0 {
			t.Errorf("%d samples of what nobody has asked for", n)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := len(s.history(p, false).fine); n != 0 {
			t.Errorf("%d samples when nobody asks any more", n)
		}
		if n := len(s.history(theBroker, false).fine); n != finePoints {
			t.Errorf("%d samples of the whole", n)
		}
	})
}

func TestSpans(t *testing.T) {
	for query, want := range map[string]span{
		"lengths_age=60&lengths_incr=5": {60_000, 5000}, "lengths_age=60": {}, "lengths_age=x&lengths_incr=5": {},
		"lengths_age=-1&lengths_incr=5": {}, "lengths_age=60&lengths_incr=0": {}, "lengths_age=100000&lengths_incr=1": {},
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := spanOf(values, "lengths"); got != want {
			t.Errorf("%s is %v, want %v", query, got, want)
		}
	}
}

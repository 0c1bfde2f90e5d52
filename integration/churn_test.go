package integration

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// Ten thousand connections come and go, in good order or not, and leave nothing behind: neither goroutines nor memory.
//
// It counts both, and so runs alone.
func TestConnectionsComeAndGo(t *testing.T) {
	url := ownBrokerURL(t)
	visit := func(i int) {
		p := visitor(t, url)
		defer func() { _ = p.conn.Close() }()
		if i%10 == 0 {
			p.start()
			return
		}
		p.open()
		q := p.queue()
		p.send(message(1, "", q, "x"))
		p.call(basicConsume, basicConsumeOk, uint16(0), q, "", bits{}, table{})
		p.expect(1, basicDeliver)
		p.content(1)
		switch i % 3 {
		case 0:
			p.send(methodFrame(0, connectionClose, uint16(200), "", uint32(0)))
			p.expect(0, connectionCloseOk)
		case 1:
			p.call(channelClose, channelCloseOk, uint16(200), "", uint32(0))
		}
	}
	const connections, atOnce = 10_000, 4
	crowd := func(n int) {
		var all sync.WaitGroup
		for worker := range atOnce {
			all.Go(func() {
				for i := worker; i < n; i += atOnce {
					visit(i)
				}
			})
		}
		all.Wait()
	}
	crowd(200) // what is made once and kept
	goroutines, used := runtime.NumGoroutine(), heap()
	crowd(connections)
	left := 0
	eventually(t, func() bool { left = runtime.NumGoroutine(); return left <= goroutines+5 },
		func() string { return fmt.Sprintf("%d goroutines before, %d after", goroutines, left) })
	if grown := int64(heap()) - int64(used); grown > 8<<20 {
		t.Errorf("%d KiB more of heap after %d connections", grown>>10, connections)
	}
}

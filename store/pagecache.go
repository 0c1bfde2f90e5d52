package store

// cacheBytes is how much memory unchanged pages may take.
const cacheBytes = 8 << 20

// pageCache bounds the pages in memory that Badger has, over all queues: it
// goes round and drops those that were not used since the last time. What is
// changed, or being written, is not in it. It is guarded by the index.
type pageCache struct {
	limit int // bytes
	size  int
	pages []*page
	hand  int
}

// add takes up a page whose runs are in memory. Others are dropped for it.
func (c *pageCache) add(p *page) {
	for c.size+p.size > c.limit && len(c.pages) > 0 {
		c.evict()
	}
	c.pages = append(c.pages, p)
	c.size += p.size
	p.slot = int32(len(c.pages))
}

// remove lets go of a page, without dropping it.
func (c *pageCache) remove(p *page) {
	if p.slot == 0 {
		return
	}
	n := len(c.pages) - 1
	last := c.pages[n]
	c.pages[p.slot-1], last.slot = last, p.slot
	c.pages[n] = nil
	c.pages = c.pages[:n]
	c.size -= p.size
	p.slot = 0
}

// evict drops one page.
func (c *pageCache) evict() {
	for {
		if c.hand >= len(c.pages) {
			c.hand = 0
		}
		p := c.pages[c.hand]
		if !p.used {
			c.remove(p)
			p.drop()
			return
		}
		p.used = false
		c.hand++
	}
}

package session

// doubt says how often something is left out that may be for nothing: each time that
// it was doubles the number of chances in a row that go by without. It belongs to one
// goroutine at a time.
type doubt struct{ reluctance, skip int }

// skips reports whether this chance goes by.
func (d *doubt) skips() bool {
	if d.skip == 0 {
		return false
	}
	d.skip--
	return true
}

// judge is told whether it has paid, and how many chances may go by at most.
func (d *doubt) judge(paid bool, most int) {
	if paid {
		d.reluctance = 0
		return
	}
	d.reluctance = min(2*d.reluctance+1, most)
	d.skip = d.reluctance
}

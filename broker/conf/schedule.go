package conf

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Schedule says when something is done again and again: each hour, day, week or
// month. The zero Schedule is never.
type Schedule struct {
	every        period
	day          int // of the week, from Sunday on, or of the month; 0 of the month is its last
	hour, minute int
}

type period uint8

const (
	never period = iota
	hourly
	daily
	weekly
	monthly
)

// scheduleSyntax is that of newsyslog, as RabbitMQ has it: $W5D16 is each Friday at
// 16:00, $M1 the first of each month at midnight, $D23H30 each day at 23:30, $H15
// each hour at a quarter past.
const scheduleSyntax = `^\$(?:W([0-7])|M(L|[0-9]{1,2}))?(?:D([0-9]{1,2}))?(?:H([0-9]{1,2}))?$`

func schedule(set func(Target, Schedule)) Value {
	return value("schedule", readSchedule, set)
}

func readSchedule(s string) (Schedule, error) {
	wrong := fmt.Errorf("%q is no time again and again: write $D0 for each midnight, $W5D16 for Fridays at 16:00, $M1D0, $D23H30, $H15", s)
	parts := regexp.MustCompile(scheduleSyntax).FindStringSubmatch(s)
	if parts == nil || s == "$" {
		return Schedule{}, wrong
	}
	week, month, hour, minute := parts[1], parts[2], parts[3], parts[4]
	number := func(s string) int {
		n, _ := strconv.Atoi(s) // digits, or nothing at all, which is 0
		return n
	}
	at := Schedule{every: daily, hour: number(hour), minute: number(minute)}
	switch {
	case week != "":
		at.every, at.day = weekly, number(week)%7
	case month != "":
		at.every, at.day = monthly, number(month)
	case hour == "":
		at.every = hourly
	}
	if at.hour > 23 || at.minute > 59 || at.every == monthly && month != "L" && (at.day == 0 || at.day > 31) {
		return Schedule{}, wrong
	}
	return at, nil
}

// Next returns the first time after now; the zero time if there is none.
func (s Schedule) Next(now time.Time) time.Time {
	if s.every == never {
		return time.Time{}
	}
	if s.every == hourly {
		at := time.Date(now.Year(), now.Month(), now.Day(), now.Hour(), s.minute, 0, 0, now.Location())
		if !at.After(now) {
			at = at.Add(time.Hour)
		}
		return at
	}
	for day := 0; ; day++ { // two months at most: every other one has 31 days
		at := time.Date(now.Year(), now.Month(), now.Day()+day, s.hour, s.minute, 0, 0, now.Location())
		if at.After(now) && s.on(at) {
			return at
		}
	}
}

// on says whether it is on the day of a time.
func (s Schedule) on(at time.Time) bool {
	switch s.every {
	case weekly:
		return int(at.Weekday()) == s.day
	case monthly:
		last := s.day == 0 && at.AddDate(0, 0, 1).Day() == 1
		return last || at.Day() == s.day
	}
	return true
}

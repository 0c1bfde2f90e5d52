package conf

import (
	"testing"
	"time"
)

func TestSchedules(t *testing.T) {
	const layout = "2006-01-02 15:04:05"
	now, err := time.Parse(layout, "2026-01-30 16:20:30") // a Friday
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][2]string{
		"$D0":     {"2026-01-31 00:00:00", "2026-02-01 00:00:00"},
		"$D17":    {"2026-01-30 17:00:00", "2026-01-31 17:00:00"},
		"$D16H20": {"2026-01-31 16:20:00", "2026-02-01 16:20:00"},
		"$W5D16":  {"2026-02-06 16:00:00", "2026-02-13 16:00:00"},
		"$W0":     {"2026-02-01 00:00:00", "2026-02-08 00:00:00"},
		"$W7D1":   {"2026-02-01 01:00:00", "2026-02-08 01:00:00"},
		"$M1D0":   {"2026-02-01 00:00:00", "2026-03-01 00:00:00"},
		"$M31":    {"2026-01-31 00:00:00", "2026-03-31 00:00:00"},
		"$ML":     {"2026-01-31 00:00:00", "2026-02-28 00:00:00"},
		"$H15":    {"2026-01-30 17:15:00", "2026-01-30 18:15:00"},
		"$H21":    {"2026-01-30 16:21:00", "2026-01-30 17:21:00"},
	} {
		s, err := readSchedule(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		first := s.Next(now)
		if got := [2]string{first.Format(layout), s.Next(first).Format(layout)}; got != want {
			t.Errorf("%s is at %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "$", "D0", "$D24", "$H60", "$W8", "$M0", "$M32", "$X1", "$D", "$D0 ", "daily"} {
		if s, err := readSchedule(text); err == nil {
			t.Errorf("%q is %+v", text, s)
		}
	}
	if at := (Schedule{}).Next(now); !at.IsZero() {
		t.Errorf("never is at %v", at)
	}
}

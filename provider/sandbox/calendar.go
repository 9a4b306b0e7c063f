package sandbox

import "time"

// beijing is UTC+8 without summer time, as the provider's periods go by it. A
// fixed zone needs no time zone database on the machine.
var beijing = time.FixedZone("Beijing", 8*60*60)

// addMonths moves t ahead by whole calendar months of Beijing time, keeping its
// time of day. Where the target month is too short it ends on that month's last
// day: 31 January + 1 month is 28 or 29 February, not 2 or 3 March.
func addMonths(t time.Time, months int) time.Time {
	local := t.In(beijing)
	year, month, day := local.Date()
	// Day 0 of the month after the target month is the target month's last day.
	last := time.Date(year, month+time.Month(months)+1, 0, 0, 0, 0, 0, beijing).Day()
	moved := time.Date(year, month+time.Month(months), min(day, last),
		local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), beijing)
	return moved.UTC()
}

// beijingYear is the calendar year the refund rule counts by.
func beijingYear(t time.Time) int { return t.In(beijing).Year() }

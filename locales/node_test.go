package locales

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portal/models"
)

// script answers each line of values with a line of what JavaScript's Intl makes
// of them. It asks for parts and plain formats only, whose look has not changed
// for years: how a date and a time are joined differs between Node's versions.
const script = `
const speak = (tag, locale, unit) => {
  const money = new Intl.NumberFormat(locale, {style: 'currency', currency: 'CNY'});
  const number = new Intl.NumberFormat(locale);
  const percent = new Intl.NumberFormat(locale, {style: 'percent', maximumFractionDigits: 2});
  const moment = options => new Intl.DateTimeFormat(locale, {timeZone: 'Asia/Shanghai', ...options});
  const date = moment({dateStyle: 'long'}), month = moment({year: 'numeric', month: 'long'});
  const clock = {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'};
  const minute = moment(clock), second = moment({...clock, second: '2-digit'});
  const parts = moment({year: 'numeric', month: '2-digit', day: '2-digit', ...clock});
  const plural = new Intl.PluralRules(locale), list = new Intl.ListFormat(locale, unit);
  const long = Object.fromEntries(['day', 'month', 'year'].map(u =>
    [u, new Intl.NumberFormat(locale, {style: 'unit', unit: u, unitDisplay: 'long'})]));
  return v => ({
    money: (v.yuan || []).map(s => money.format(s)),
    numbers: (v.numbers || []).map(s => number.format(BigInt(s))),
    percents: (v.percents || []).map(s => percent.format(s + 'E-2')),
    plurals: (v.counts || []).map(n => plural.select(n)),
    days: (v.counts || []).map(n => long.day.format(n)),
    months: (v.counts || []).map(n => long.month.format(n)),
    years: (v.counts || []).map(n => long.year.format(n)),
    spans: (v.counts || []).map(n => list.format([long.month.format(n), long.day.format(n)])),
    dates: (v.times || []).map(s => date.format(new Date(s))),
    calendar: (v.times || []).map(s => month.format(new Date(s))),
    minutes: (v.times || []).map(s => minute.format(new Date(s))),
    seconds: (v.times || []).map(s => second.format(new Date(s))),
    parts: (v.times || []).map(s => Object.fromEntries(parts.formatToParts(new Date(s)).map(p => [p.type, p.value]))),
  });
};
const zh = speak('zh-Hans', 'zh-Hans-CN', {type: 'unit', style: 'narrow'});
const en = speak('en', 'en-GB', {type: 'conjunction'});
require('readline').createInterface({input: process.stdin}).on('line', line => {
  const values = JSON.parse(line);
  console.log(JSON.stringify({'zh-Hans': zh(values), en: en(values)}));
});
`

// values are what Node is asked about. Sums and percentages go as decimals and
// whole numbers as strings, which JavaScript takes exactly.
type values struct {
	Yuan     []string    `json:"yuan,omitempty"`
	Numbers  []string    `json:"numbers,omitempty"`
	Percents []string    `json:"percents,omitempty"`
	Counts   []int       `json:"counts,omitempty"`
	Times    []time.Time `json:"times,omitempty"`
}

// written is what Node makes of them in one language, in their order.
type written struct {
	Money, Numbers, Percents, Plurals, Days, Months, Years, Spans []string
	Dates, Calendar, Minutes, Seconds                             []string
	Parts                                                         []map[string]string
}

// node is one process that is asked many times.
type node struct {
	in  io.Writer
	out *bufio.Reader
}

// startNode starts Node for a test and everything below it.
func startNode(t *testing.T) *node {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("Node is not installed, so nothing can be compared with its Intl; `make deps` installs it")
	}
	cmd := exec.Command(path, "-e", script)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("node: %v\n%s", err, complaints.String())
		}
	})
	return &node{in: in, out: bufio.NewReader(out)}
}

func (n *node) ask(t rapid.TB, v values) map[string]written {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(n.in, "%s\n", raw); err != nil {
		t.Fatalf("node has ended: %v", err)
	}
	line, err := n.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("node has ended: %v", err)
	}
	var w map[string]written
	if err := json.Unmarshal(line, &w); err != nil {
		t.Fatal(err)
	}
	return w
}

// signed makes a hyphen the minus sign that pages have. Node writes the hyphen;
// it is easily overlooked before a sum.
func signed(s string) string { return strings.ReplaceAll(s, "-", minus) }

// spaced is how both languages write a unit here. Node's Chinese has no space
// between a number and its unit; the portal has one between Chinese and digits,
// as Alibaba Cloud's console does.
func spaced(s string) string {
	for _, unit := range []string{"个月", "天", "年"} {
		s = strings.ReplaceAll(s, unit, " "+unit+" ")
	}
	return strings.TrimSpace(s)
}

// wants compares one value in both languages.
func wants(t rapid.TB, ours func(*Localizer) string, theirs func(written) string, w map[string]written) {
	t.Helper()
	for _, tag := range Tags() {
		if got, want := ours(For(tag, "")), theirs(w[tag]); got != want {
			t.Errorf("%s: the portal writes %q, Node %q", tag, got, want)
		}
	}
}

// TestLikeNode draws values, the extreme ones more often than others, and
// compares every way of writing them with Node's Intl, whose data are Unicode's.
func TestLikeNode(t *testing.T) {
	node := startNode(t)

	t.Run("money", rapid.MakeCheck(func(t *rapid.T) {
		sums := rapid.SliceOfN(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-100_000, 100_000), rapid.SampledFrom([]int64{0, 99, 100, -1, -99, -100, 99_999, 100_000, 1_234_560, -1_234_560})), 1, 40).Draw(t, "fen")
		var v values
		for _, fen := range sums {
			v.Yuan = append(v.Yuan, models.Fen(fen).Yuan())
		}
		w := node.ask(t, v)
		for i, fen := range sums {
			wants(t, func(l *Localizer) string { return l.Money(models.Fen(fen)) }, func(w written) string { return signed(w.Money[i]) }, w)
		}
	}))
	t.Run("whole numbers", rapid.MakeCheck(func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.Int64(), 1, 40).Draw(t, "numbers")
		var v values
		for _, n := range numbers {
			v.Numbers = append(v.Numbers, strconv.FormatInt(n, 10))
		}
		w := node.ask(t, v)
		for i, n := range numbers {
			wants(t, func(l *Localizer) string { return l.Number(n) }, func(w written) string { return signed(w.Numbers[i]) }, w)
		}
	}))
	// A discount or a markup is a whole number or has one or two decimals.
	t.Run("percentages", rapid.MakeCheck(func(t *rapid.T) {
		hundredths := rapid.SliceOfN(rapid.IntRange(-9000, 50000), 1, 40).Draw(t, "hundredths")
		var v values
		for _, h := range hundredths {
			v.Percents = append(v.Percents, strconv.FormatFloat(float64(h)/100, 'f', -1, 64))
		}
		w := node.ask(t, v)
		for i := range hundredths {
			wants(t, func(l *Localizer) string { return l.T("prices.percent", "Percent", v.Percents[i]) },
				func(w written) string { return strings.ReplaceAll(w.Percents[i], ",", "") }, w)
		}
	}))
	// A hundred years from 2000. Beijing time is UTC+8 here for ever; China had a
	// summer time from 1986 to 1991, and nothing that the portal knows is that old.
	t.Run("dates and times", rapid.MakeCheck(func(t *rapid.T) {
		var v values
		for _, s := range rapid.SliceOfN(rapid.Int64Range(946_684_800, 4_102_444_799), 1, 40).Draw(t, "seconds") {
			v.Times = append(v.Times, time.Unix(s, 0).UTC())
		}
		w := node.ask(t, v)
		for i, at := range v.Times {
			wants(t, func(l *Localizer) string { return l.Date(at) }, func(w written) string { return w.Dates[i] }, w)
			wants(t, func(l *Localizer) string { return l.Month(at) }, func(w written) string { return w.Calendar[i] }, w)
			// How a date and a time are joined, and the zone, are ours to say.
			for _, tag := range Tags() {
				l, w := For(tag, ""), w[tag]
				said := func(clock string) string { return l.T("date.zoned", "When", w.Dates[i]+l.T("date.joiner")+clock) }
				if got, want := l.DateTime(at), said(w.Minutes[i]); got != want {
					t.Errorf("%s: the portal writes %q, Node %q", tag, got, want)
				}
				if got, want := l.Exact(at), said(w.Seconds[i]); got != want {
					t.Errorf("%s: the portal writes %q, Node %q", tag, got, want)
				}
				// Tables have one order for both languages, ISO's.
				p := w.Parts[i]
				day := p["year"] + "-" + p["month"] + "-" + p["day"]
				if got := l.Day(at); got != day {
					t.Errorf("%s: the portal writes %q, Node's parts are %q", tag, got, day)
				}
				if got, want := l.Stamp(at), day+" "+p["hour"]+":"+p["minute"]; got != want {
					t.Errorf("%s: the portal writes %q, Node's parts are %q", tag, got, want)
				}
			}
		}
	}))
	t.Run("periods", rapid.MakeCheck(func(t *rapid.T) {
		v := values{Counts: rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 1_000_000)), 1, 40).Draw(t, "counts")}
		w := node.ask(t, v)
		for i, n := range v.Counts {
			wants(t, func(l *Localizer) string { return l.Days(n) }, func(w written) string { return spaced(w.Days[i]) }, w)
			wants(t, func(l *Localizer) string { return l.Months(n) }, func(w written) string { return spaced(w.Months[i]) }, w)
			wants(t, func(l *Localizer) string { return l.Term(models.Term{Cycle: models.Year, Duration: n}) },
				func(w written) string { return spaced(w.Years[i]) }, w)
			if n > 0 { // without months or without days, a span is the other alone
				wants(t, func(l *Localizer) string { return l.Span(n, n) },
					func(w written) string { return strings.Join(strings.Fields(spaced(w.Spans[i])), " ") }, w)
			}
		}
	}))
}

// TestPluralsLikeNode goes through every message with a singular and looks which
// form it takes.
func TestPluralsLikeNode(t *testing.T) {
	var v values
	for n := range 131 {
		v.Counts = append(v.Counts, n)
	}
	v.Counts = append(v.Counts, 1000, 1001, 1_000_001)
	w := startNode(t).ask(t, v)
	checked := 0
	for id, m := range messages(t, english) {
		if m.One == "" || m.One == m.Other || strings.Contains(m.Other, "{{if") {
			continue
		}
		checked++
		for i, n := range v.Counts {
			l := For(english, "")
			pairs := []any{"Count", n}
			for _, name := range placeholders(m.Other) {
				if name != "Count" {
					pairs = append(pairs, name, "#")
				}
			}
			form := map[string]string{"one": m.One, "other": m.Other}[w[english].Plurals[i]]
			want := form
			for j := 0; j < len(pairs); j += 2 {
				value := "#"
				if pairs[j] == "Count" {
					value = l.Number(int64(n))
				}
				want = strings.ReplaceAll(want, "{{."+pairs[j].(string)+"}}", value)
			}
			if got := l.T(id, pairs...); got != want {
				t.Errorf("%s for %d: %q, Node calls it %s", id, n, got, w[english].Plurals[i])
			}
		}
	}
	if checked < 40 {
		t.Errorf("only %d messages have a singular", checked)
	}
	// Chinese has one form, so its messages need no other.
	if slices.ContainsFunc(w[chinese].Plurals, func(s string) bool { return s != "other" }) {
		t.Errorf("Node knows Chinese plurals: %v", w[chinese].Plurals)
	}
}

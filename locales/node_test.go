package locales

import (
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"

	"portal/models"
)

// script prints what JavaScript's Intl makes of the numbers and times it reads.
const script = `
const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const out = {};
for (const [tag, locale] of [['zh-Hans', 'zh-Hans-CN'], ['en', 'en-GB']]) {
  const money = new Intl.NumberFormat(locale, {style: 'currency', currency: 'CNY'});
  const number = new Intl.NumberFormat(locale);
  const zone = {timeZone: 'Asia/Shanghai'};
  const date = new Intl.DateTimeFormat(locale, {...zone, dateStyle: 'long'});
  const moment = new Intl.DateTimeFormat(locale, {...zone, dateStyle: 'long', timeStyle: 'short'});
  const plural = new Intl.PluralRules(locale);
  out[tag] = {
    money: input.yuan.map(s => money.format(s)),
    numbers: input.numbers.map(n => number.format(BigInt(n))),
    dates: input.times.map(s => date.format(new Date(s))),
    moments: input.times.map(s => moment.format(new Date(s))),
    plurals: input.counts.map(n => plural.select(n)),
  };
}
console.log(JSON.stringify(out));
`

// TestLikeNode compares every way of writing with Node's Intl, which has its
// data from Unicode's CLDR. Decimal strings keep sums exact there as well.
func TestLikeNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is not installed; `make deps` installs it")
	}
	random := rand.New(rand.NewPCG(2026, 11))
	fens := []models.Fen{0, 1, -1, 99, -99, 100, -100, 99999, 100000, 1234560, -1234560, 99999999999}
	numbers := []int64{0, 1, -1, 999, 1000, -1000, 10000, 1<<63 - 1, -1 << 63}
	var times []time.Time
	for range 2000 {
		fens = append(fens, models.Fen(random.Int64N(1<<random.IntN(45))-random.Int64N(1<<random.IntN(45))))
		numbers = append(numbers, random.Int64N(1<<random.IntN(62)))
		times = append(times, time.Unix(1_600_000_000+random.Int64N(1_000_000_000), 0).UTC())
	}
	var counts []int
	for i := range 131 {
		counts = append(counts, i)
	}

	input := map[string]any{"numbers": texts(numbers), "times": times, "counts": counts}
	var yuan []string
	for _, f := range fens {
		yuan = append(yuan, f.Yuan())
	}
	input["yuan"] = yuan
	raw, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "-e", script)
	cmd.Stdin = strings.NewReader(string(raw))
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	var want map[string]struct{ Money, Numbers, Dates, Moments, Plurals []string }
	if err := json.Unmarshal(printed, &want); err != nil {
		t.Fatal(err)
	}

	for _, tag := range Tags() {
		l, w := For(tag, ""), want[tag]
		for i, f := range fens {
			same(t, tag, l.Money(f), strings.ReplaceAll(w.Money[i], "-", minus))
		}
		for i, n := range numbers {
			same(t, tag, l.Number(n), strings.ReplaceAll(w.Numbers[i], "-", minus))
		}
		for i, at := range times {
			same(t, tag, l.Date(at), w.Dates[i])
			// The zone is ours to add.
			same(t, tag, l.DateTime(at), l.T("date.zoned", "When", w.Moments[i]))
		}
		for i, n := range counts {
			one := strings.HasSuffix(l.Months(n), "month")
			if tag == english && one != (w.Plurals[i] == "one") {
				t.Errorf("%d months: %s, but node calls it %s", n, l.Months(n), w.Plurals[i])
			}
		}
	}
}

func same(t *testing.T, tag, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, node prints %q", tag, got, want)
	}
}

// texts writes numbers as strings: JSON's would lose digits in JavaScript.
func texts(numbers []int64) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		b, _ := json.Marshal(n)
		out[i] = string(b)
	}
	return out
}

package e2e_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var lighthouseReport = flag.String("lighthouse", "", "measure the performance of the most visited pages, and write it into this file")

// lit is what Lighthouse says of one page.
type lit struct {
	Name    string
	Runs    []map[string]float64 // each category's part of 1
	Metrics []map[string]float64 // milliseconds and bytes
	Short   []string             // what was not perfect
}

// mostVisited are the pages that Lighthouse looks at.
var mostVisited = []string{"sign-in", "quote", "account-subscribed", "orders"}

// lighthouse shows it the most visited pages in Chinese, each as often as told.
func lighthouse(t *testing.T, runs int, categories ...string) []lit {
	t.Helper()
	chromium, err := findChromium()
	if err != nil {
		t.Fatal(err)
	}
	m := newMuseum(t)
	type page struct {
		Name   string `json:"name"`
		URL    string `json:"url"`
		Cookie string `json:"cookie"`
	}
	var pages []page
	for _, name := range mostVisited {
		i := slices.IndexFunc(m.pages, func(s shown) bool { return s.name == name })
		if i < 0 {
			t.Fatalf("there is no page %s", name)
		}
		cookie := "language=zh-Hans"
		if c := m.cookies[m.pages[i].as]; c != nil {
			cookie += "; " + c.Name + "=" + c.Value
		}
		pages = append(pages, page{name, m.base + m.pages[i].path, cookie})
	}
	in, err := json.Marshal(map[string]any{"chromium": chromium, "runs": runs, "categories": categories, "pages": pages})
	if err != nil {
		t.Fatal(err)
	}
	var seen []lit
	node(t, "lighthouse.mjs", in, &seen)
	if len(seen) != len(pages) {
		t.Fatalf("Lighthouse looked at %d pages of %d", len(seen), len(pages))
	}
	return seen
}

// TestLighthouse: the most visited pages are perfect on a phone, by Lighthouse's
// rules of accessibility and best practices. How quick they are goes by the machine,
// so that is measured (`make lighthouse`) and not demanded.
func TestLighthouse(t *testing.T) {
	t.Parallel()
	categories := []string{"accessibility", "best-practices"}
	for _, page := range lighthouse(t, 1, categories...) {
		for _, category := range categories {
			if score := page.Runs[0][category]; score != 1 {
				t.Errorf("%s: %s is %.0f of 100\n%s", page.Name, category, 100*score, strings.Join(page.Short, "\n"))
			}
		}
	}
}

// TestLighthouseReport writes docs/lighthouse.md: the median of five runs.
func TestLighthouseReport(t *testing.T) {
	if *lighthouseReport == "" {
		t.Skip("only with -lighthouse FILE, see `make lighthouse`")
	}
	const runs = 5
	var table strings.Builder
	for _, page := range lighthouse(t, runs, "performance", "accessibility", "best-practices") {
		fmt.Fprintf(&table, "| %s | %.0f | %.0f | %.0f | %.2f s | %.2f s | %.0f ms | %.3f | %.1f kB |\n", page.Name,
			100*median(page.Runs, "performance"), 100*median(page.Runs, "accessibility"), 100*median(page.Runs, "best-practices"),
			median(page.Metrics, "first-contentful-paint")/1000, median(page.Metrics, "largest-contentful-paint")/1000,
			median(page.Metrics, "total-blocking-time"), median(page.Metrics, "cumulative-layout-shift"), median(page.Metrics, "total-byte-weight")/1000)
		for _, short := range slices.Compact(slices.Sorted(slices.Values(page.Short))) {
			t.Logf("%s: %s", page.Name, short)
		}
	}
	report := fmt.Sprintf(lighthouseText, table.String(), runs)
	if err := os.WriteFile(*lighthouseReport, []byte(report), 0o644); err != nil {
		t.Fatal(err)
	}
}

// median is the middle one of several values of a name.
func median[V cmp.Ordered](of []map[string]V, name string) V {
	values := make([]V, 0, len(of))
	for _, one := range of {
		values = append(values, one[name])
	}
	slices.Sort(values)
	return values[len(values)/2]
}

const lighthouseText = `# What Lighthouse says

Written by ` + "`make lighthouse`" + `; not by hand. The most visited pages as on a phone
(Lighthouse 12, its own simulated slow 4G and its fourfold slower processor), in Chinese, with
an empty cache.

| Page | Performance | Accessibility | Best practices | First paint | Largest paint | Blocked | Shifted | Transferred |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
%s
Each figure is the median of %d runs. Tests demand 100 for accessibility and best practices;
performance goes by the machine that it is measured on, so it is only written down.
`

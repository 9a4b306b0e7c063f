package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"portal/demo"
	"portal/failpoint"
	"portal/portaltest"
)

// read is a file of the documentation.
func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestTheDocsNameTheMetricsThatThereAre: an alert on a name that is never served
// never fires.
func TestTheDocsNameTheMetricsThatThereAre(t *testing.T) {
	at := freeAddress(t)
	s := serve(t, t.TempDir(), nil, "--metrics-listen", at)
	s.buy("lin@example.com", demo.Password) // a series appears with its first call
	_, text := s.get(s.browse(), "http://"+at+"/metrics")

	served := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (portal_\w+) (\w+)$`).FindAllStringSubmatch(text, -1) {
		served[m[1]] = true
	}
	doc := read(t, "docs/metrics.md")
	told := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(portal_\\w+)` \\|").FindAllStringSubmatch(doc, -1) {
		told[m[1]] = true
		if !served[m[1]] {
			t.Errorf("docs/metrics.md tells of %s, which is not served", m[1])
		}
	}
	for name := range served {
		if !told[name] {
			t.Errorf("docs/metrics.md has no row for %s", name)
		}
	}
	for _, name := range regexp.MustCompile(`portal_\w+`).FindAllString(doc, -1) {
		if !served[strings.TrimSuffix(strings.TrimSuffix(name, "_count"), "_bucket")] {
			t.Errorf("docs/metrics.md uses %s, which is not served", name)
		}
	}
	// A route or a label that was renamed would silence an alert, too.
	for _, m := range regexp.MustCompile(`url="([^"]+)"`).FindAllStringSubmatch(doc, -1) {
		if !strings.Contains(text, m[0]) {
			t.Errorf("docs/metrics.md asks for %s, which no series has", m[0])
		}
	}
}

// TestAnOrderThatNobodyLooksAtIsOverdue: its age alone could be that of one in
// review.
func TestAnOrderThatNobodyLooksAtIsOverdue(t *testing.T) {
	p := portaltest.New(t)
	m, err := newMetrics()
	if err != nil {
		t.Fatal(err)
	}
	h := m.handler(p.Store, p.Seller.Skew, slog.New(slog.DiscardHandler))
	overdue := func() string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		got := regexp.MustCompile(`(?m)^portal_overdue_order_seconds (\S+)$`).FindStringSubmatch(w.Body.String())
		if got == nil {
			t.Fatal("there is no portal_overdue_order_seconds")
		}
		return got[1]
	}
	if got := overdue(); got != "0" {
		t.Errorf("without an order: %s", got)
	}
	b := p.SignedIn("lin@example.com")
	b.Place(b.Quote("pro", "year-1"))
	p.Pass(2 * time.Minute)
	if got := overdue(); got != "120" {
		t.Errorf("placed two minutes ago, and no worker: %s", got)
	}
	p.Worker.RunOnce(t.Context())
	if got := overdue(); got != "0" {
		t.Errorf("done: %s", got)
	}
}

// TestThePolicyInTheDocsAllowsTheFiveCallsAndNothingElse: more would be a key
// that can do harm, fewer a portal that can't sell.
func TestThePolicyInTheDocsAllowsTheFiveCallsAndNothingElse(t *testing.T) {
	block := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(read(t, "docs/going-live.md"))
	if block == nil {
		t.Fatal("docs/going-live.md has no policy")
	}
	var policy struct {
		Version   string
		Statement []struct {
			Effect, Resource string
			Action           []string
		}
	}
	if err := json.Unmarshal([]byte(block[1]), &policy); err != nil {
		t.Fatal(err)
	}
	if len(policy.Statement) != 1 || policy.Version != "1" || policy.Statement[0].Effect != "Allow" {
		t.Fatalf("%+v", policy)
	}
	var allowed []string
	for _, action := range policy.Statement[0].Action {
		_, name, _ := strings.Cut(action, ":")
		allowed = append(allowed, name)
	}
	slices.Sort(allowed)
	want := []string{"CreateInstance", "GetInstanceCount", "RefundInstance", "RenewInstance", "UpgradeInstance"}
	if !slices.Equal(allowed, want) {
		t.Errorf("it allows %v, want %v", allowed, want)
	}
}

// TestTheDocsLinkToWhatIsThere: pages and headings.
func TestTheDocsLinkToWhatIsThere(t *testing.T) {
	for _, page := range []string{"going-live.md", "backups.md", "upgrading.md", "metrics.md", "review.md", "support.md", "resellers.md", "order-life.md", "postgresql.md", "audit.md"} {
		for _, m := range regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`).FindAllStringSubmatch(read(t, "docs/"+page), -1) {
			file, heading := m[1], m[2]
			if file == "" {
				file = page
			}
			if heading == "" {
				if _, err := os.Stat("docs/" + file); err != nil { // a folder will do
					t.Errorf("docs/%s: %v", page, err)
				}
				continue
			}
			target := read(t, "docs/"+file)
			found := slices.ContainsFunc(regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(target, -1), func(h []string) bool {
				return strings.ReplaceAll(regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-") == heading
			})
			if !found {
				t.Errorf("docs/%s links to the heading %q of %s, which is not there", page, heading, file)
			}
		}
	}
}

// TestTheDocsNameEachFailpoint: what a crash leaves is said for every one.
func TestTheDocsNameEachFailpoint(t *testing.T) {
	doc := read(t, "docs/RELIABILITY.md")
	for _, p := range failpoint.Points() {
		if !strings.Contains(doc, "`"+p.String()+"`") {
			t.Errorf("docs/RELIABILITY.md does not say what dying at %s leaves", p)
		}
	}
}

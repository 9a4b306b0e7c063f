package handlers_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"portal/models"
	"portal/portaltest"
	"portal/provider/sandbox"
)

// refusing is a provider that counts 25 machines and refuses everything else
// with this code.
func refusing(t *testing.T, code, requestID string) portaltest.Option {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("Action") == sandbox.ActionGetInstanceCount {
			_, _ = fmt.Fprint(w, `{"Data":25,"Success":true,"RequestId":"COUNT-1"}`)
			return
		}
		w.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintf(w, `{"Code":%q,"Message":"No.","RequestId":%q,"HostId":"sas"}`, code, requestID)
	}))
	t.Cleanup(server.Close)
	return portaltest.Endpoint(server.URL)
}

// toHelp are the links from a page to what its codes mean.
func toHelp(page portaltest.Page) []string {
	var out []string
	for _, m := range regexp.MustCompile(`href="(/help/errors\?[^"]*)"`).FindAllStringSubmatch(page.Body, -1) {
		out = append(out, html.UnescapeString(m[1]))
	}
	return out
}

// section is what the section of a page with this heading says.
func section(page portaltest.Page, heading string) string {
	_, rest, _ := strings.Cut(page.Body, `aria-labelledby="`+heading+`"`)
	inside, _, _ := strings.Cut(rest, "</section>")
	return portaltest.Page{Body: "<" + inside}.Text()
}

// asked is the entry on top of the dictionary, for exactly one code.
func asked(page portaltest.Page) string { return section(page, "asked") }

func TestAnUnknownCodeShowsItselfAndItsRequestId(t *testing.T) {
	const code, id = "Nobody.Heard<b>OfThis", "9C2F7A10-0000-4D1E-8A9B-1C2D3E4F5061"
	p := portaltest.New(t, refusing(t, code, id))
	for language, words := range map[string][]string{
		"en": {"no explanation for this code", "give the code and the request ID to the operator"},
		"zh": {"系统未收录该错误码", "请将错误码和请求 ID 提供给平台运营"},
	} {
		t.Run(language, func(t *testing.T) {
			b := p.SignedIn("lin@example.com")
			b.Header.Set("Accept-Language", language)
			number := b.Place(b.Quote("pro", "year-1"))
			if o := p.Settle(number); o.Status != models.Rejected || o.Code != code {
				t.Fatalf("%s %s", o.Status, o.Code)
			}
			order := b.Get("/orders/" + number)
			links := toHelp(order)
			if len(links) != 1 {
				t.Fatalf("links to what the code means: %q", links)
			}
			for where, said := range map[string]string{
				"the order's page": html.UnescapeString(section(order, "status")), "the dictionary": html.UnescapeString(asked(b.Get(links[0]))),
			} {
				for _, want := range append(words, code, id) {
					if !strings.Contains(said, want) {
						t.Errorf("%s lacks %q:\n%s", where, want, said)
					}
				}
			}
		})
	}
}

func TestARejectedOrderSaysWhyAndWhatToDo(t *testing.T) {
	for language, words := range map[string][]string{
		"en": {"The number of machines changed while ordering", "Nothing was charged", "Get a new quote"},
		"zh": {"服务器数量在下单时有变化", "没有扣款", "请重新获取报价"},
	} {
		t.Run(language, func(t *testing.T) {
			p := portaltest.New(t)
			b := p.SignedIn("lin@example.com")
			b.Header.Set("Accept-Language", language)
			number := b.Place(b.Quote("pro", "year-1"))
			if err := p.Sandbox.SetMachines(portaltest.Owner, 26); err != nil {
				t.Fatal(err)
			}
			if o := p.Settle(number); o.Status != models.Rejected {
				t.Fatal(o.Status)
			}
			page := b.Get("/orders/" + number)
			links := toHelp(page)
			if len(links) != 1 {
				t.Fatalf("links: %q", links)
			}
			help := b.Get(links[0])
			for _, want := range append(words, "InvalidBuyNumber.Mismatch") {
				if !strings.Contains(page.Text(), want) || !strings.Contains(asked(help), want) {
					t.Errorf("the order's page or the dictionary lacks %q", want)
				}
			}
			if n := len(p.Sandbox.Ledger()); n != 0 {
				t.Errorf("%d charges", n)
			}
		})
	}
}

// TestACodeInDoubtLeadsToNoAdvice: not on the order's page, and not behind its
// links, for customers and for staff.
func TestACodeInDoubtLeadsToNoAdvice(t *testing.T) {
	for name, f := range map[string]sandbox.Fault{
		"being worked on": sandbox.FaultProcessing, "unavailable, and done": sandbox.FaultUnavailableAfter,
		"an internal error": sandbox.FaultInternalErrorBefore, "a number": sandbox.FaultNumericCodeBefore,
	} {
		t.Run(name, func(t *testing.T) {
			p := portaltest.New(t)
			if err := p.Sandbox.AddFault(sandbox.Rule{Action: sandbox.ActionCreateInstance, Fault: f}); err != nil {
				t.Fatal(err)
			}
			b := p.SignedIn("lin@example.com")
			number := b.Place(b.Quote("pro", "year-1"))
			p.Worker.RunOnce(t.Context())
			for _, reader := range []*portaltest.Browser{b, p.SignedIn("support@example.com")} {
				page := reader.Get("/orders/" + number)
				links := toHelp(page)
				if page.OrderStatus() != "unknown" || len(links) == 0 {
					t.Fatalf("%s, links %q", page.OrderStatus(), links)
				}
				for _, link := range links {
					card := asked(reader.Get(link))
					for _, said := range []string{page.Text(), card} {
						if !strings.Contains(said, "do not order again because of it") || strings.Contains(said, "try again") || strings.Contains(said, "then order again") {
							t.Errorf("%s", said)
						}
					}
				}
			}
		})
	}
}

func TestTheErrorDictionary(t *testing.T) {
	p := portaltest.New(t)
	t.Run("is for people who are signed in", func(t *testing.T) {
		page := p.Browser().Get("/help/errors?code=Throttling")
		if page.Status != http.StatusSeeOther || page.Location != "/sign-in?next=%2Fhelp%2Ferrors%3Fcode%3DThrottling" {
			t.Fatalf("%d %s", page.Status, page.Location)
		}
	})
	b := p.SignedIn("lin@example.com")
	for language, words := range map[string]string{"en": "What errors mean", "zh": "错误说明"} {
		t.Run("lists every outcome in "+language, func(t *testing.T) {
			b.Header.Set("Accept-Language", language)
			page := b.Get("/help/errors")
			if page.Status != http.StatusOK || !strings.Contains(page.Text(), words) || strings.Contains(page.Body, `id="asked"`) {
				t.Fatalf("%d\n%s", page.Status, page.Text())
			}
			for _, o := range models.Outcomes() {
				if !strings.Contains(page.Body, `id="outcome-`+string(o)+`"`) {
					t.Errorf("nothing to link to for %s", o)
				}
			}
			for _, id := range []string{"code-throttling", "code-balance", "code-instance_exists", "code-unlisted"} {
				if strings.Count(page.Body, `id="`+id+`"`) != 1 || !strings.Contains(page.Body, `href="#`+id+`"`) {
					t.Errorf("%s can't be linked to", id)
				}
			}
		})
	}
	b.Header.Set("Accept-Language", "en")
	for name, tc := range map[string]struct {
		query, want string
	}{
		"one code":                         {"code=Throttling.User&request_id=R-17", "Throttling.User Alibaba Cloud request ID R-17"},
		"a code that depends on the order": {"code=InstanceExists&kind=refund", "state of the instance"},
		"the same when buying":             {"code=InstanceExists&kind=buy", "already has a Security Center instance"},
		"a kind that there is not":         {"code=InstanceExists&kind=%3Cb%3E", "already has a Security Center instance"},
		"in doubt":                         {"code=InsufficientBalance&doubt=yes", "do not order again because of it"},
		"spaces around it":                 {"code=%20Throttling%20", "Too many requests"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := asked(b.Get("/help/errors?" + tc.query)); !strings.Contains(got, tc.want) {
				t.Errorf("it says %q", got)
			}
		})
	}
	t.Run("stays a page, whatever is asked", func(t *testing.T) {
		long := strings.Repeat("长", 5000)
		page := b.Get("/help/errors?" + url.Values{"code": {"<script>alert(1)</script>" + long}, "request_id": {`"><img src=x>` + long}}.Encode())
		got := asked(page)
		if page.Status != http.StatusOK || strings.Contains(page.Body, "<script>") || strings.Contains(page.Body, "<img") {
			t.Fatalf("%d: what was asked is not escaped", page.Status)
		}
		if n := strings.Count(got, "长"); n < 100 || n > 260 || !strings.Contains(got, "…") || !strings.Contains(got, "&lt;script&gt;") {
			t.Errorf("%d characters of it are shown", n)
		}
		if page := b.Get("/help/errors?code=%ff"); page.Status != http.StatusBadRequest {
			t.Errorf("what is not UTF-8: %d", page.Status)
		}
	})
}

// TestACountThatIsRefusedNamesItsCode, with the provider's RequestId and the way
// to what it means.
func TestACountThatIsRefusedNamesItsCode(t *testing.T) {
	p := portaltest.New(t, portaltest.Key("unknown-key-id", "whatever-secret"))
	b := p.SignedIn("lin@example.com")
	page := b.Get(p.QuotePath())
	links := toHelp(page)
	if page.Status != http.StatusBadGateway || len(links) != 1 || !strings.Contains(page.Text(), "InvalidAccessKeyId.NotFound") {
		t.Fatalf("%d, links %q", page.Status, links)
	}
	query, err := url.ParseQuery(strings.TrimPrefix(links[0], "/help/errors?"))
	if err != nil || query.Get("request_id") == "" {
		t.Fatalf("the provider's RequestId is lost: %q", links[0])
	}
	if got := asked(b.Get(links[0])); !strings.Contains(got, "AccessKey does not exist") || !strings.Contains(got, query.Get("request_id")) {
		t.Errorf("it says %q", got)
	}
}

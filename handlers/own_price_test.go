package handlers_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"portal/dbtest"
	"portal/models"
	"portal/portaltest"
)

// sell sets what all accounts of the own reseller pay.
func sell(t *testing.T, p *portaltest.Portal, markup string) {
	t.Helper()
	admin := p.SignedIn("own@example.com")
	form := url.Values{"markup": {markup}, "seen": {typedIn(admin.Get("/resellers/1/prices"), "seen")}}
	if page := admin.Post("/resellers/1/prices", form); page.Location != "/resellers/1/prices?set=yes" {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
}

// typedIn is what a form's field holds.
func typedIn(page portaltest.Page, name string) string {
	_, rest, _ := strings.Cut(page.Body, `name="`+name+`"`)
	_, rest, _ = strings.Cut(rest, `value="`)
	value, _, _ := strings.Cut(rest, `"`)
	return html.UnescapeString(value)
}

// spelt are the ways in which a page or a file could write a sum.
func spelt(fen models.Fen) []string {
	yuan := fen.Yuan()
	whole, rest, _ := strings.Cut(strings.TrimPrefix(yuan, "-"), ".")
	grouped := whole
	for i := len(whole) - 3; i > 0; i -= 3 {
		grouped = grouped[:i] + "," + grouped[i:]
	}
	words := []string{whole + "." + rest, grouped + "." + rest, strconv.FormatInt(int64(max(fen, -fen)), 10)}
	if trimmed := strings.TrimRight(rest, "0"); trimmed != rest && len(whole) > 3 {
		words = append(words, strings.TrimSuffix(whole+"."+trimmed, ".")) // as a workbook keeps a number
	}
	return words
}

// monthly is the account's limit.
const monthly models.Fen = 987_654_32

// secrets finds what only the reseller may know.
type secrets struct{ found *regexp.Regexp }

// secretsOf are the list prices of everything that was quoted and that could be
// quoted, where the account's own are other ones; and the markups.
func secretsOf(t *testing.T, p *portaltest.Portal, markups ...models.Markup) secrets {
	t.Helper()
	list, own := map[models.Fen]bool{}, map[models.Fen]bool{}
	note := func(into map[models.Fen]bool, total models.Fen, lines []models.Line) {
		into[total] = true
		for _, l := range lines {
			into[max(l.Amount, -l.Amount)], into[l.UnitFen] = true, true
		}
	}
	var quotes []models.Quote
	if err := dbtest.Raw(t, p.DSN).Find(&quotes).Error; err != nil {
		t.Fatal(err)
	}
	for _, q := range quotes {
		note(list, q.TotalFen, q.Lines)
		if q.OwnTotalFen == nil {
			t.Fatalf("quote %s of a reseller's account has no own price", q.ID)
		}
		note(own, *q.OwnTotalFen, q.OwnLines)
	}
	for _, machines := range []int{25, 40} {
		for _, e := range p.Config.Book.Editions() {
			list[p.Config.Book.UnitPrice(e)] = true
			for _, term := range p.Config.Book.Terms(machines) {
				price, err := p.Config.Book.Buy(e, term, machines)
				if err != nil {
					t.Fatal(err)
				}
				note(list, price.TotalFen, price.Lines)
				list[price.SavingFen] = true
				for _, m := range markups {
					price, _ := p.Config.Book.At(m).Buy(e, term, machines)
					note(own, price.TotalFen, price.Lines)
				}
			}
		}
	}
	var orders []models.Order
	if err := dbtest.Raw(t, p.DSN).Find(&orders).Error; err != nil {
		t.Fatal(err)
	}
	var debited, paid models.Fen // so far: what limits count
	for _, o := range orders {
		if o.Kind != models.Refund {
			debited, paid = debited+o.TotalFen, paid+o.PaysFen()
		}
		list[debited], own[paid], list[monthly-debited], own[monthly-paid] = true, true, true, true
	}
	delete(list, 0)
	var words []string
	for fen := range list {
		if own[fen] {
			t.Fatalf("%s is a list price and an own one: choose another markup", fen.Yuan())
		}
		words = append(words, spelt(fen)...)
	}
	for _, m := range markups {
		words = append(words, m.Typed(), strconv.FormatInt(int64(m), 10))
	}
	for i, w := range words {
		words[i] = regexp.QuoteMeta(w)
	}
	return secrets{regexp.MustCompile(`(?:^|[^0-9A-Za-z.,\-])[-−]?(` + strings.Join(words, "|") + `)(?:$|[^0-9A-Za-z.,\-]|[.,](?:$|[^0-9]))`)}
}

// in is the first secret that an answer gives away, with what stands around it.
func (s secrets) in(t *testing.T, page portaltest.Page) string {
	t.Helper()
	text := html.UnescapeString(page.Body)
	if strings.HasPrefix(page.Body, "PK") { // a workbook
		file, err := zip.NewReader(strings.NewReader(page.Body), int64(len(page.Body)))
		if err != nil {
			t.Fatal(err)
		}
		var all bytes.Buffer
		for _, part := range file.File {
			r, err := part.Open()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(part.Name, "sheet") || strings.Contains(part.Name, "haredStrings") {
				if _, err := io.Copy(&all, r); err != nil { // #nosec G110 -- our own file
					t.Fatal(err)
				}
			}
			_ = r.Close()
		}
		text = all.String()
	}
	if strings.HasPrefix(page.Header.Get("Content-Type"), "text/csv") {
		text = strings.ReplaceAll(text, ",", " ")
	}
	text += fmt.Sprint(page.Header)
	at := s.found.FindStringIndex(text)
	if at == nil {
		return ""
	}
	return text[max(0, at[0]-60):min(len(text), at[1]+20)]
}

// TestACustomerNeverSeesAListPrice walks every page and file that has money in
// it, as the customer of an account that pays a markup: through a whole life, in
// both languages, attributes and all. The same walk as the reseller's admin finds
// list prices on each of them, so that none is passed by.
func TestACustomerNeverSeesAListPrice(t *testing.T) {
	p, account := resold(t)
	const first, second = models.Markup(17_31), models.Markup(23_47)
	sell(t, p, first.Typed())
	san, admin := p.SignedIn("san@example.com"), p.SignedIn("own@example.com")
	path := accountPathOf(account)
	if page := admin.Post(path+"/limits", url.Values{"monthly_limit": {monthly.Yuan()}}); page.Location != path {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}

	// walked are the pages as they were seen, to be looked through when everything
	// that was quoted is known.
	type seen struct {
		where string
		page  portaltest.Page
	}
	var customers, admins []seen
	look := func(b *portaltest.Browser, into *[]seen, where string, do func() portaltest.Page) {
		for _, language := range []string{"zh-Hans", "en"} {
			b.Post("/preferences", url.Values{"language": {language}})
			page := do()
			if page.Status >= 500 || page.Status == http.StatusNotFound || page.Status == http.StatusSeeOther {
				t.Fatalf("%s: %d %s", where, page.Status, page.Location)
			}
			*into = append(*into, seen{language + " " + where, page})
		}
	}
	both := func(where string) {
		t.Helper()
		look(san, &customers, where, func() portaltest.Page { return san.Get(where) })
		look(admin, &admins, where, func() portaltest.Page { return admin.Get(where) })
	}
	// mine is a page that has no sum but the customer's, or none at all.
	mine := func(where string) {
		look(san, &customers, where, func() portaltest.Page { return san.Get(where) })
	}
	carry := func(kind models.Kind, answers url.Values) string {
		t.Helper()
		answers.Set("kind", string(kind))
		quote := san.Post(path+"/quote?kind="+string(kind), answers).Location
		if !strings.HasPrefix(quote, "/quotes/") {
			t.Fatalf("%s leads to %q", kind, quote)
		}
		both(quote)
		confirm := url.Values{}
		if kind == models.Refund {
			confirm.Set("instance_id", "sas-wrong")
			look(san, &customers, quote+" mistyped", func() portaltest.Page { return san.Post(quote+"/order", confirm) })
			held, err := p.Store.Holdings(t.Context(), account.ID)
			if err != nil {
				t.Fatal(err)
			}
			confirm.Set("instance_id", held[account.ID].Subscription.InstanceID)
		}
		order := san.Post(quote+"/order", confirm).Location
		if !strings.HasPrefix(order, "/orders/") {
			t.Fatalf("placing a %s leads to %q", kind, order)
		}
		both(order) // under way
		both(path)
		number := strings.TrimPrefix(order, "/orders/")
		if o := p.Settle(number); o.Status != models.Completed {
			t.Fatalf("the %s is %s (%s)", kind, o.Status, o.Reason)
		}
		both(order)
		both(path)
		return number
	}

	for _, e := range p.Config.Book.Editions() {
		for _, term := range p.Config.Book.Terms(25) {
			both(fmt.Sprintf("%s/quote?kind=buy&edition=%s&term=%s&auto_renew=on&auto_renew_months=12", path, e, term))
		}
	}
	look(san, &customers, "a form with a mistake", func() portaltest.Page {
		return san.Post(path+"/quote?kind=buy", url.Values{"edition": {"pro"}, "term": {"month-999"}})
	})
	carry(models.Buy, url.Values{"edition": {"pro"}, "term": {"year-1"}, "auto_renew": {"on"}, "auto_renew_months": {"12"}})
	p.Pass(40 * 24 * time.Hour)
	san.SignInAgain()
	admin.SignInAgain()
	both(path + "/quote?kind=renew")
	both(path + "/quote?kind=renew&term=year-1")
	carry(models.Renew, url.Values{"term": {"month-6"}})
	if err := p.Sandbox.SetMachines(account.OwnerID, 40); err != nil {
		t.Fatal(err)
	}
	p.Pass(time.Hour)

	// The price changes between the quote and the order.
	quote := san.Post(path+"/quote?kind=upgrade", url.Values{"kind": {"upgrade"}, "edition": {"enterprise"}}).Location
	sell(t, p, second.Typed())
	anew := san.Post(quote+"/order", nil).Location
	if !strings.HasPrefix(anew, "/quotes/") || anew == quote {
		t.Fatalf("the old price still leads to %q", anew)
	}
	both(anew)
	says(t, san.Get(anew), "The reseller’s price has changed")
	both(path + "/quote?kind=upgrade")
	carry(models.Upgrade, url.Values{"edition": {"enterprise"}})
	p.Pass(15 * 24 * time.Hour)
	san.SignInAgain()
	admin.SignInAgain()
	both(path + "/quote?kind=refund")
	refunded := carry(models.Refund, url.Values{})
	both("/orders")
	both("/orders?kind=buy&status=completed")
	both("/orders.csv")
	both("/orders.xlsx")
	for _, where := range []string{"/help/errors", "/orders?status=nonsense", "/search?q=" + refunded, path + "/prices", "/resellers/1/prices"} {
		look(san, &customers, where, func() portaltest.Page {
			page := san.Get(where)
			if page.Status == http.StatusNotFound {
				page.Status = http.StatusOK // what is not theirs is not there: look at that page, too
			}
			return page
		})
	}
	mine("/orders/" + refunded + "?refresh=off")

	secret := secretsOf(t, p, first, second)
	for _, s := range customers {
		if found := secret.in(t, s.page); found != "" {
			t.Errorf("%s gives away a list price: …%s…", s.where, found)
		}
	}
	for _, s := range admins {
		if secret.in(t, s.page) == "" {
			t.Errorf("%s shows its admin no list price: this test would not notice one there", s.where)
		}
	}
	if len(customers) < 60 {
		t.Errorf("only %d pages", len(customers))
	}
}

func accountPathOf(a models.Account) string { return fmt.Sprintf("/accounts/%d", a.ID) }

// TestNoHandlerReadsWhatNobodyMaySee: HoldingsFor leaves out what the viewer may
// not see, Holdings nothing.
func TestNoHandlerReadsWhatNobodyMaySee(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(code, []byte(".Holdings(")) {
			t.Errorf("%s calls Holdings: call HoldingsFor", file)
		}
	}
}

// TestThePageOfPrices: what is typed is read as people type it, a mistake loses
// nothing, a preview saves nothing, and who was quicker is shown.
func TestThePageOfPrices(t *testing.T) {
	p, account := resold(t)
	own, operator := p.SignedIn("own@example.com"), p.SignedIn("operator@example.com")
	all, one := "/resellers/1/prices", accountPathOf(account)+"/prices"
	says(t, own.Get("/accounts"), "Account prices")
	says(t, operator.Get("/accounts"), "Prices by reseller")
	says(t, own.Get(accountPathOf(account)), "Prices for this account")
	if page := operator.Get("/accounts/1/prices"); page.Status != http.StatusNotFound {
		t.Errorf("an account without a reseller: %d", page.Status)
	}
	set := func(b *portaltest.Browser, path, markup, pro, enterprise string) portaltest.Page {
		return b.Post(path, url.Values{"markup": {markup}, "markup_pro": {pro}, "markup_enterprise": {enterprise}, "seen": {typedIn(own.Get(path), "seen")}})
	}
	preview := own.Get(all + "?" + url.Values{"markup": {"１７，５％"}, "markup_pro": {"0"}}.Encode())
	says(t, preview, "Preview: nothing is saved yet", "CN¥176.25", "+17.5%", "CN¥26.25")
	if got := typedIn(own.Get(all), "markup"); got != "" {
		t.Errorf("a preview saved %q", got)
	}
	for field, words := range map[string]string{"x": "Enter a percentage with at most two decimals", "500.5": "Enter a percentage from -90 to 500", "-5": "This is below the list price"} {
		page := set(own, all, field, "3", "")
		if page.Status != http.StatusUnprocessableEntity || typedIn(page, "markup") != field || typedIn(page, "markup_pro") != "3" {
			t.Errorf("%q: %d, %q", field, page.Status, typedIn(page, "markup"))
		}
		says(t, page, words)
	}
	if page := set(own, all, "１７，５％", "", ""); page.Location != all+"?set=yes" {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	if page := set(operator, one, "", "12", ""); page.Location != one+"?set=yes" {
		t.Fatalf("%d\n%s", page.Status, page.Text())
	}
	says(t, own.Get(one), "CN¥67.20", "CN¥176.25")
	says(t, own.Get(all), "Studio Three", "All editions: None, now +17.5%")
	says(t, own.Get(accountPathOf(account)), "Prices changed", "Pro: None, now +12%")

	late := own.Post(all, url.Values{"markup": {"20"}, "seen": {"{}"}})
	if late.Status != http.StatusConflict || typedIn(late, "markup") != "20" {
		t.Errorf("%d, %q", late.Status, typedIn(late, "markup"))
	}
	says(t, late, "Somebody else has just changed these prices", "All editions: +17.5%")
	if page := own.Post(all, url.Values{"markup": {"20"}, "seen": {typedIn(late, "seen")}}); page.Location == "" {
		t.Errorf("again: %d", page.Status)
	}

	if page := own.Post("/resellers/1/discounts", url.Values{"allow": {"yes"}}); page.Status != http.StatusNotFound {
		t.Errorf("a reseller allows itself discounts: %d", page.Status)
	}
	operator.Post("/resellers/1/discounts", url.Values{"allow": {"yes"}})
	if page := set(own, all, "-5", "", ""); page.Location != all+"?set=yes" {
		t.Errorf("%d\n%s", page.Status, page.Text())
	}
	operator.Post("/resellers/1/discounts", url.Values{"allow": {"no"}})
	says(t, own.Get(all), "Prices below list no longer allowed", "CN¥150.00")
}

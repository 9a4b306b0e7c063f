package pricing_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"portal/models"
	"portal/pricing"
)

// What the portal sells when nobody says otherwise (provider/README, "Prices").
func TestEmbeddedBook(t *testing.T) {
	b := pricing.Embedded()
	if !b.Example() {
		t.Error("its prices come from public documentation and have to be marked as examples")
	}
	if got := b.QuoteValidity(); got != 30*time.Minute {
		t.Errorf("quotes hold for %v", got)
	}
	if got, want := b.Editions(), []models.Edition{models.Pro, models.Enterprise}; !slices.Equal(got, want) {
		t.Errorf("editions %v", got)
	}
	if got := b.VersionCode(models.Pro); got != "level1" {
		t.Errorf("Pro is %q to the provider", got)
	}
	if got := b.VersionCode(models.Enterprise); got != "level2" {
		t.Errorf("Enterprise is %q to the provider", got)
	}
	if got := b.UnitPrice(models.Pro); got != 60_00 {
		t.Errorf("Pro costs %s", got.Yuan())
	}
	if got := b.UnitPrice(models.Enterprise); got != 150_00 {
		t.Errorf("Enterprise costs %s", got.Yuan())
	}
	if got := b.BuyAgainAfter(); got != 15*24*time.Hour {
		t.Errorf("a new purchase is offered after %v", got)
	}
	if got := b.FullRefundDays(); got != 5 {
		t.Errorf("a refund is in full within %d days", got)
	}
	if got, want := b.AutoRenewMonths(), []int{1, 3, 6, 12, 24, 36}; !slices.Equal(got, want) {
		t.Errorf("auto-renewal for %v months", got)
	}
}

// A book from before there were these keys says what the provider does.
func TestOptionalKeys(t *testing.T) {
	old := oneTerm("pro", "60.00", "year-1", "15")
	for _, c := range []struct {
		text       string
		again      time.Duration
		fullRefund int
	}{
		{old, 15 * 24 * time.Hour, 5},
		{old + "[refund]\n", 15 * 24 * time.Hour, 5},
		{"buy_again_days = 0\n" + old + "[refund]\nfull_days = 0\n", 0, 0},
		{"buy_again_days = 365\n" + old + "[refund]\nfull_days = 31\n", 365 * 24 * time.Hour, 31},
	} {
		b := parse(t, c.text)
		if b.BuyAgainAfter() != c.again || b.FullRefundDays() != c.fullRefund {
			t.Errorf("%v, %d days:\n%s", b.BuyAgainAfter(), b.FullRefundDays(), c.text)
		}
	}
}

func TestAnEditionThatIsNotSold(t *testing.T) {
	b := parse(t, oneTerm("enterprise", "150.00", "year-1", "15"))
	if got := b.Editions(); !slices.Equal(got, []models.Edition{models.Enterprise}) {
		t.Errorf("editions %v", got)
	}
	if got := b.VersionCode(models.Pro); got != "" {
		t.Errorf("version code %q", got)
	}
	if got := b.UnitPrice(models.Pro); got != 0 {
		t.Errorf("unit price %s", got.Yuan())
	}
}

// A caller that sorts or cuts what it was given must not change the book.
func TestABookCannotBeChangedFromOutside(t *testing.T) {
	b := parse(t, embeddedText(t))
	b.AutoRenewMonths()[0] = 99
	b.Editions()[0] = "other"
	b.Terms(11)[0] = models.Term{}
	if b.AutoRenewMonths()[0] != 1 || b.Editions()[0] != models.Pro || b.Terms(11)[0].Months() != 1 {
		t.Error("the book changed")
	}
}

func embeddedText(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile("book.toml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// fataler is what tests, benchmarks and rapid have in common.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func parse(t fataler, text string) *pricing.Book {
	t.Helper()
	b, err := pricing.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v\n\n%s", err, text)
	}
	return b
}

// oneTerm is a book that sells one edition for one term.
func oneTerm(edition, yuan, term, percent string) string {
	return `currency = "CNY"
example = false
quote_minutes = 30
auto_renew_months = []
[editions.` + edition + `]
version_code = "level1"
yuan_per_machine_month = "` + yuan + `"
[terms]
` + term + ` = "` + percent + `"
`
}

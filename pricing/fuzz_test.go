package pricing_test

import (
	"errors"
	"testing"
	"time"

	"portal/pricing"
)

// Parse never panics, says what is wrong as a *BookError, and any book it
// accepts keeps every promise.
func FuzzParse(f *testing.F) {
	f.Add([]byte(embeddedText(f)))
	f.Add([]byte(oneTerm("enterprise", "0.01", "month-1", "0")))
	f.Add([]byte(oneTerm("pro", "1000000.00", "year-120", "99.99") + "month-1 = \"0\"\n[[minimum_terms]]\nmonths = 1\n"))
	f.Add([]byte("minimum_terms = [{months = 1}, 1]\nterms = {year-1 = \"15\"}\n"))
	f.Add([]byte("buy_again_days = -1\nrefund = {full_days = 32}\n" + oneTerm("pro", "60.00", "year-1", "15")))
	f.Add([]byte("a.b = 1\na = [[[2020-01-01, nan, -inf]]]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := pricing.Parse(data)
		if err != nil {
			var book *pricing.BookError
			if !errors.As(err, &book) || len(book.Problems) == 0 || b != nil {
				t.Fatalf("%v, %v", b, err)
			}
			return
		}
		keepsItsPromises(t, b)
	})
}

func keepsItsPromises(t *testing.T, b *pricing.Book) {
	t.Helper()
	if len(b.Editions()) == 0 || b.QuoteValidity() <= 0 || len(b.Hash()) != 64 {
		t.Fatalf("%+v", b)
	}
	if again := b.BuyAgainAfter(); again < 0 || again > 365*24*time.Hour || b.FullRefundDays() < 0 || b.FullRefundDays() > 31 {
		t.Fatalf("%v, %d days", again, b.FullRefundDays())
	}
	for _, machines := range []int{1, 2, 3, 5, 6, 7, 10, 11, 99, 12_345, pricing.MaxMachines} {
		if len(b.Terms(machines)) == 0 {
			t.Fatalf("nothing is sold for %d machines", machines)
		}
		longerTerms(t, b, machines)
		if len(b.Editions()) == 2 {
			enterpriseAbovePro(t, b, machines)
		}
		for _, e := range b.Editions() {
			if b.UnitPrice(e) < 1 || b.VersionCode(e) == "" {
				t.Fatalf("%s: %s, %q", e, b.UnitPrice(e).Yuan(), b.VersionCode(e))
			}
			for _, term := range b.Terms(machines) {
				addsUp(t, buy(t, b, e, term, machines))
				moreMachines(t, b, e, term, machines, min(machines+1, pricing.MaxMachines))
			}
		}
	}
}

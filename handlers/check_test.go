package handlers_test

import (
	"testing"

	"portal/models"
	"portal/portaltest"
)

// TestACheckSaysWhetherAFullRefundStillApplies: counted from the purchase, and
// also after the year's one was had.
func TestACheckSaysWhetherAFullRefundStillApplies(t *testing.T) {
	p := portaltest.New(t)
	b := p.SignedIn("lin@example.com")
	check := func(kind models.Kind) portaltest.Page {
		t.Helper()
		return b.Get(b.QuoteKind(kind, portaltest.Answers(kind)))
	}
	const used = "has had its full refund of this year already"
	says(t, check(models.Buy), "Within 5 days of the start of the service")
	b.Carry(models.Buy)
	b.Carry(models.Refund) // in full
	says(t, check(models.Buy), "Within 5 days of the start of the service", used)
	began := b.Carry(models.Buy).StartsAt.In(models.Beijing).Format("2 January 2006")
	for _, kind := range []models.Kind{models.Renew, models.Upgrade} {
		says(t, check(kind), "counted from the purchase on "+began, "not from this payment", used)
	}
	b.Wait(6 * day)
	for _, kind := range []models.Kind{models.Renew, models.Upgrade} {
		says(t, check(kind), "A full refund is no longer possible. It was counted from the purchase on "+began)
	}
}

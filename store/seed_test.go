package store_test

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"portal/models"
)

// seed adds completed purchases, each of an account of its own, with the rows
// and seals that the store would have written one by one.
func (w *world) seed(orders int) {
	w.t.Helper()
	db := w.raw()
	at := w.Now()
	for first := 1; first <= orders; first += 1000 {
		var accounts []models.Account
		var quotes []models.Quote
		var all []models.Order
		var attempts []models.Attempt
		var events []models.Event
		for i := first; i < first+1000 && i <= orders; i++ {
			id := int64(1000 + i)
			accounts = append(accounts, models.Account{ID: id, OwnerID: 5000 + id, Name: fmt.Sprint("Account ", id), CreatedAt: at})
			q := models.Quote{
				ID: fmt.Sprintf("0190-%09d", i), AccountID: id, UserID: w.viewer.User.ID, Kind: models.Buy, Edition: models.Pro, VersionCode: "level1",
				Cycle: models.Year, Duration: 1, InstanceCount: 25, CountReadAt: at, PriceBookHash: "book", TotalFen: 1530000,
				Lines:     []models.Line{{Kind: models.LineEdition, Edition: models.Pro, Machines: 25, Months: 12, UnitFen: 6000, Amount: 1800000}, {Kind: models.LineDiscount, Percent: "15", Amount: -270000}},
				CreatedAt: at, ExpiresAt: at.Add(30 * time.Minute),
			}
			o := models.Order{
				ID: id, Number: fmt.Sprintf("P20260131-%08d", i), QuoteID: q.ID, ClientToken: fmt.Sprintf("token-%020d", i), AccountID: id, OwnerID: 5000 + id,
				UserID: q.UserID, Kind: q.Kind, Edition: q.Edition, VersionCode: q.VersionCode, Cycle: q.Cycle, Duration: q.Duration, InstanceCount: 25,
				TotalFen: q.TotalFen, CredentialProfile: "default", PlacedAt: at, UpdatedAt: at, Status: models.Placed, Reason: models.ReasonPlacedByUser, DueAt: &at,
			}
			a := models.Attempt{
				ID: id, OrderID: id, Number: 1, Claim: 1, StartedAt: at,
				Request: "POST https://sas-api.aliyuncs.com/\nAction=CreateInstance&OwnerId=1217259133477183&BuyNumber=25&PricingCycle=Year&Duration=1&VersionCode=level1&ClientToken=[redacted]",
			}
			before := ""
			add := func(from models.Status, reason models.Reason, attempt *models.Attempt) {
				e := models.Event{OrderID: id, At: at, From: from, To: o.Status, Reason: reason, Actor: "worker"}
				if attempt != nil {
					e.Attempt = attempt.Number
				}
				e.Digest, e.State = e.Facts(o, q, attempt), o.State()
				e.Hash = e.Chain(before)
				before, events = e.Hash, append(events, e)
			}
			add("", models.ReasonPlacedByUser, nil)
			until := at.Add(15 * time.Second)
			o.Status, o.Reason, o.Claim, o.Attempts, o.LeaseUntil, o.DueAt = models.Sending, models.ReasonClaimed, 1, 1, &until, nil
			add(models.Placed, models.ReasonClaimed, &a)
			a.AnsweredAt, a.Outcome, a.HTTPStatus, a.RequestID = &at, models.OutcomeDone, 200, fmt.Sprintf("5C8F2A1B-6D3E-4F70-9A8B-%012d", i)
			a.Response = fmt.Sprintf(`{"OrderId":"2028%011d","InstanceId":"sas-%016d","RequestId":"%s"}`, i, i, a.RequestID)
			end := models.AddMonths(at, 12)
			o.Status, o.Reason, o.LeaseUntil, o.SettledAt, o.StartsAt, o.EndsAt = models.Completed, models.ReasonDone, nil, &at, &at, &end
			o.InstanceID, o.ProviderOrderID, o.RequestID = fmt.Sprintf("sas-%016d", i), fmt.Sprintf("2028%011d", i), a.RequestID
			add(models.Sending, models.ReasonDone, &a)
			quotes, all, attempts = append(quotes, q), append(all, o), append(attempts, a)
		}
		err := db.Transaction(func(tx *gorm.DB) error {
			for _, rows := range []any{accounts, quotes, all, attempts, events} {
				if err := tx.CreateInBatches(rows, 500).Error; err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

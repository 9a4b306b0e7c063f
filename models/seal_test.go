package models_test

import (
	"reflect"
	"testing"
	"time"

	"portal/models"
)

// filled sets every field of a struct to something.
func filled[T any](t *testing.T) T {
	t.Helper()
	var row T
	v := reflect.ValueOf(&row).Elem()
	for i := range v.NumField() {
		v.Field(i).Set(something(t, v.Field(i).Type(), 1))
	}
	return row
}

// something is a value of a type, another for each n.
func something(t *testing.T, of reflect.Type, n int) reflect.Value {
	t.Helper()
	v := reflect.New(of).Elem()
	switch {
	case of == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, n*1000, time.UTC)))
	case of.Kind() == reflect.Pointer:
		v.Set(reflect.New(of.Elem()))
		v.Elem().Set(something(t, of.Elem(), n))
	case of.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(of, n, n))
	case of.Kind() == reflect.Struct:
		v.Field(0).Set(something(t, v.Field(0).Type(), n))
	case of.Kind() == reflect.String:
		v.SetString(map[int]string{1: "one", 2: "two"}[n])
	case of.Kind() == reflect.Bool:
		v.SetBool(n == 1)
	case v.CanInt():
		v.SetInt(int64(n))
	default:
		t.Fatalf("a test has to learn what a %s is", of)
	}
	return v
}

// everyField changes one field after the other, to another value and to none,
// and wants another seal each time.
func everyField[T any](t *testing.T, seal func(T) string, but ...string) {
	t.Helper()
	row := filled[T](t)
	whole := seal(row)
	of := reflect.TypeFor[T]()
fields:
	for i := range of.NumField() {
		name := of.Field(i).Name
		for _, b := range but {
			if name == b {
				continue fields
			}
		}
		for _, other := range []reflect.Value{something(t, of.Field(i).Type, 2), reflect.Zero(of.Field(i).Type)} {
			changed := row
			reflect.ValueOf(&changed).Elem().Field(i).Set(other)
			if seal(changed) == whole {
				t.Errorf("%s.%s: %v is sealed as %v is; a new column has to be added to seal.go", of.Name(), name, other, reflect.ValueOf(row).Field(i))
			}
		}
	}
}

// TestASealCoversEveryColumn: one that was forgotten could be edited unseen.
func TestASealCoversEveryColumn(t *testing.T) {
	placed := models.Event{To: models.Placed}
	claimed := models.Event{From: models.Placed, To: models.Sending, Attempt: 1}
	late := models.Event{From: models.Sending, To: models.Sending, Reason: models.ReasonLate, Attempt: 1}
	everyField(t, models.Order.State)
	everyField(t, func(o models.Order) string { return placed.Facts(o, models.Quote{}, nil) },
		"Status", "Reason", "Claim", "LeaseUntil", "DueAt", "Attempts", "Code", "Message", "ProviderOrderID", "RequestID", "StartsAt", "EndsAt", "SettledAt", "ReleasedAt", "ApprovedAt", "UpdatedAt")
	everyField(t, func(q models.Quote) string { return placed.Facts(models.Order{}, q, nil) })
	everyField(t, func(a models.Attempt) string { return claimed.Facts(models.Order{}, models.Quote{}, &a) },
		"AnsweredAt", "Outcome", "HTTPStatus", "Code", "Message", "RequestID", "Response", "Late")
	everyField(t, func(a models.Attempt) string { return late.Facts(models.Order{}, models.Quote{}, &a) })
	everyField(t, func(e models.OutsideEvent) string { return e.Chain("") }, "ID", "Hash")
	everyField(t, models.OrderNote.Sealed, "ID")
	// What a proposal names is in the digest, and with that in the chain.
	everyField(t, func(e models.Event) string { return e.Chain("") }, "ID", "Hash", "ProviderOrderID", "InstanceID")
	everyField(t, func(e models.Event) string { return e.Facts(models.Order{}, models.Quote{}, nil) },
		"ID", "OrderID", "At", "From", "To", "Reason", "Actor", "Note", "Attempt", "Digest", "State", "Hash")
	for _, seal := range []func(string) string{models.Event{}.Chain, models.OutsideEvent{}.Chain} {
		if seal("") == seal("before") {
			t.Error("a hash does not cover the one before it")
		}
	}
}

// TestSealsStayWhatTheyAre: these values lie in databases. Whoever has to change
// one here has made every history that there is look tampered with.
func TestSealsStayWhatTheyAre(t *testing.T) {
	at := time.Date(2026, 1, 31, 2, 0, 0, 123456000, time.UTC)
	end, replaced := models.AddMonths(at, 12), "0190"
	o := models.Order{
		ID: 7, Number: "P20260131-7K3M9QXR", QuoteID: "0191", ClientToken: "token", AccountID: 3, OwnerID: 1001, UserID: 4, Kind: models.Renew,
		Edition: models.Pro, VersionCode: "level1", Cycle: models.Month, Duration: 6, AutoRenew: true, AutoRenewMonths: 1, InstanceCount: 25,
		TotalFen: 900000, CredentialProfile: "default", PlacedAt: at, Status: models.Completed, Reason: models.ReasonDone, Claim: 2, Attempts: 2,
		Code: "Code", Message: "message", InstanceID: "sas-1", ProviderOrderID: "PO1", RequestID: "R1", StartsAt: &at, EndsAt: &end, SettledAt: &at, UpdatedAt: at,
	}
	q := models.Quote{
		ID: "0191", AccountID: 3, UserID: 4, Kind: models.Renew, Edition: models.Pro, VersionCode: "level1", Cycle: models.Month, Duration: 6,
		AutoRenew: true, AutoRenewMonths: 1, InstanceCount: 25, CountReadAt: at, PriceBookHash: "book", ExamplePrices: true, LastOrderID: 6, LastOutsideID: 2,
		InstanceID: "sas-1", Held: &models.Held{Edition: models.Pro, InstanceCount: 20, StartsAt: at, EndsAt: end, AutoRenew: true, Unconfirmed: true},
		StartsAt: &at, EndsAt: &end, TotalFen: 900000, CreatedAt: at, ExpiresAt: at, ReplacesID: &replaced, Changes: []models.QuoteChange{models.CountChanged},
		Lines: []models.Line{
			{Kind: models.LineEdition, Edition: models.Pro, Machines: 25, Months: 6, UnitFen: 6000, Amount: 900000},
			{Kind: models.LineUsed, Percent: "15", Days: 3, DaysOf: 31, Starts: at, Ends: end, Presumed: true, Order: "P1", PaidFor: models.Buy},
		},
	}
	a := models.Attempt{
		ID: 9, OrderID: 7, Number: 2, Claim: 2, StartedAt: at, Request: "request", AnsweredAt: &at, Outcome: models.OutcomeDone, HTTPStatus: 200,
		Code: "Code", Message: "message", RequestID: "R1", Response: "{}", Late: true,
	}
	e := models.Event{
		ID: 11, OrderID: 7, At: at, From: models.Sending, To: models.Completed, Reason: models.ReasonDone, Actor: "worker", Note: "note", Attempt: 2,
		Digest: "digest", State: "state",
	}
	before := e
	before.Digest, before.State = "", ""
	released := o
	released.ReleasedAt = &at
	entry := models.OutsideEvent{
		AccountID: 3, Kind: models.Renewed, InstanceID: "sas-1", AfterOrderID: 7, Edition: models.Pro, InstanceCount: 25, StartsAt: &at, EndsAt: &end,
		PaidFen: 900000, AutoRenew: true, AutoRenewMonths: 1, Reason: "seen", UserID: 4, CreatedAt: at,
	}
	for name, seal := range map[string][2]string{
		"what was placed":   {models.Event{To: models.Placed}.Facts(o, q, nil), "4d6fd5d08b3c3faa9144f37f9ac45dbdb9462be7c94447055229e7ea749e6e84"},
		"what was begun":    {models.Event{From: models.Placed, To: models.Sending, Attempt: 2}.Facts(o, q, &a), "4bfacbaf8cf5df06f49a3003ee457309502f4e7181104749e665446760131085"},
		"what was answered": {models.Event{From: models.Sending, To: models.Sending, Reason: models.ReasonLate, Attempt: 2}.Facts(o, q, &a), "0396f0b5cef05339d8731492a2fc3932d53ebf6ce7a66509b97758d3b7c45baa"},
		"a mere step":       {models.Event{From: models.Sending, To: models.Unknown, Attempt: 2}.Facts(o, q, &a), "30d82abf5fd346d3c2423069a401de752188f0ea5f2cc511b9b13249f974d0c5"},
		"what was proposed": {models.Event{From: models.NeedsReview, To: models.NeedsReview, ProviderOrderID: "PO1", InstanceID: "sas-1"}.Facts(o, q, nil), "c0def68f0476b5d4693bcfb422eb9e99f1bfd49e95a529124aaabbd08933606d"},
		"a released order":  {released.State(), "722b19e04307b45720c7cf02d8836cf8b75d31b7e9807508d9f7e3f1333c485f"},
		"an order":          {o.State(), "8e286d3347bec7ecbf1f0a55393f07116fa2ee5cdfabf23341f60a9b9d9f4566"},
		"an event":          {e.Chain("before"), "f499c9af3966cd77e8ade1c0dc86adad69e18ab69dc3063cf1174d2a4e978ffe"},
		"one from before":   {before.Chain("before"), "7469d137335261a64cf34b11ac14ae5890aa6ead8c0e9abe449028b4d96266f3"},
		"an entry":          {entry.Chain("before"), "8d8d3106a37a4a9d4564d0e5831aaef90e4a1eecfb407a6e14b14accdadb4f18"},
		"one without hash":  {entry.Sealed(), "df4cab512bf34bd8fb8c5f28eebdc65ecf12fc8f3ce732698fde38ea423160d3"},
	} {
		if seal[0] != seal[1] {
			t.Errorf("%s: %s", name, seal[0])
		}
	}
}

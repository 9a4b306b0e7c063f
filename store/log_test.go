package store_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"portal/models"
	"portal/store"
)

// TestTheLogIsFilteredAndPagedByKey fills a log and walks it.
func TestTheLogIsFilteredAndPagedByKey(t *testing.T) {
	w := newWorld(t)
	var numbers []string
	for range 7 {
		o := w.place()
		numbers = append(numbers, o.Number)
		if err := w.CancelOrder(t.Context(), by(w.viewer), o.Number); err != nil {
			t.Fatal(err)
		}
		w.pass(24 * time.Hour)
	}
	o, attempt := w.claim(w.place())
	if err := w.Answer(t.Context(), o, attempt, done, completed); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()

	t.Run("every order is on exactly one page, newest first", func(t *testing.T) {
		var ids []int64
		for before := int64(0); ; {
			page, err := w.Orders(ctx, w.viewer, store.OrderFilter{}, before, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range page {
				ids = append(ids, o.ID)
			}
			if len(page) < 3 {
				break
			}
			before = page[2].ID
		}
		if len(ids) != 8 {
			t.Fatalf("%d orders on all pages, want 8", len(ids))
		}
		for i := 1; i < len(ids); i++ {
			if ids[i] >= ids[i-1] {
				t.Fatalf("not newest first: %v", ids)
			}
		}
	})

	t.Run("or oldest first, on pages and in exports", func(t *testing.T) {
		oldest := store.OrderFilter{OldestFirst: true}
		var shown, exported []int64
		for last := int64(0); ; {
			page, err := w.Orders(ctx, w.viewer, oldest, last, 3)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := w.ExportOrders(ctx, w.viewer, oldest, last, 3)
			if err != nil {
				t.Fatal(err)
			}
			for i := range page {
				shown, exported = append(shown, page[i].ID), append(exported, rows[i].ID)
			}
			if len(page) < 3 || len(shown) > 8 {
				break
			}
			last = page[2].ID
		}
		if len(shown) != 8 || !slices.IsSorted(shown) || !slices.Equal(shown, exported) {
			t.Fatalf("shown %v, exported %v", shown, exported)
		}
	})

	start := time.Date(2026, 1, 31, 2, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		filter store.OrderFilter
		want   int
	}{
		"everything":                 {store.OrderFilter{}, 8},
		"a status":                   {store.OrderFilter{Status: models.Cancelled}, 7},
		"a kind":                     {store.OrderFilter{Kind: models.Refund}, 0},
		"from a day":                 {store.OrderFilter{From: start.Add(24 * time.Hour)}, 7},
		"until a day":                {store.OrderFilter{To: start.Add(24 * time.Hour)}, 1},
		"an order number":            {store.OrderFilter{Query: numbers[0]}, 1},
		"in lower case":              {store.OrderFilter{Query: "p2026"}, 8},
		"the provider's OrderId":     {store.OrderFilter{Query: "PO1"}, 1},
		"in other letters":           {store.OrderFilter{Query: "po1"}, 0},
		"the beginning of an id":     {store.OrderFilter{Query: "sas-"}, 1},
		"that in other letters":      {store.OrderFilter{Query: "SAS-"}, 0},
		"a RequestId, too":           {store.OrderFilter{Query: "r1"}, 0},
		"a RequestId":                {store.OrderFilter{Query: " R1 "}, 1},
		"a part of the account":      {store.OrderFilter{Query: "ACCOUNT a"}, 8},
		"what is not there":          {store.OrderFilter{Query: "nothing"}, 0},
		"LIKE's own signs":           {store.OrderFilter{Query: "%"}, 0},
		"several at once":            {store.OrderFilter{Status: models.Completed, Query: "sas-1", Kind: models.Buy}, 1},
		"an account that isn't ours": {store.OrderFilter{AccountID: -1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := w.Orders(ctx, w.viewer, tc.filter, 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			n, err := w.CountOrders(ctx, w.viewer, tc.filter)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != tc.want || n != tc.want {
				t.Fatalf("%d rows, %d counted, want %d", len(rows), n, tc.want)
			}
		})
	}
}

func TestAResellerSeesItsAccountsOnly(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	r, err := w.AddReseller(ctx, "R")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		a := models.Account{OwnerID: int64(5000 + i), Name: "Sub " + strconv.Itoa(i), ResellerID: &r.ID}
		if _, err := w.AddAccount(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	w.place() // of an account that is not the reseller's
	admin := models.Viewer{User: models.User{Role: models.ResellerAdmin, ResellerID: &r.ID}}
	for query, want := range map[string]int{"": 3, "sub 1": 1, "5000": 1, "1001": 0, "%": 0} {
		rows, err := w.ListAccounts(ctx, admin, store.AccountFilter{Query: query}, "", 10)
		if err != nil || len(rows) != want {
			t.Errorf("%q: %d accounts (%v), want %d", query, len(rows), err, want)
		}
	}
	if orders, err := w.Orders(ctx, admin, store.OrderFilter{}, 0, 10); err != nil || len(orders) != 0 {
		t.Errorf("the log shows %d foreign orders (%v)", len(orders), err)
	}
}

package models_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"portal/models"
)

func TestOrderNumbersAreReadAsPeopleTypeThem(t *testing.T) {
	const number = "P20261124-7K3M90X1"
	for _, typed := range []string{
		number, "p20261124-7k3m90x1", "P20261124 7K3M90X1", "P 2026 1124 - 7K3M 90X1", "p202611247k3m90x1", "20261124-7K3M90X1",
		"  P20261124-7K3M90X1\n", "\tP20261124–7K3M90X1", "P20261124—7K3M90X1", "P20261124−7K3M90X1", "P20261124_7K3M90X1",
		"Ｐ２０２６１１２４－７Ｋ３Ｍ９０Ｘ１", "ｐ２０２６１１２４　７ｋ３ｍ９０ｘ１",
		"P2O261124-7K3M9OX1", "P20261124-7K3M90XI", "p20261124-7k3m9oxl", "P20261124-\u200b7K3M90X1",
	} {
		if got, ok := models.ReadOrderNumber(typed); !ok || got != number {
			t.Errorf("%q is read as %q", typed, got)
		}
	}
	for _, typed := range []string{
		"", "P", "P20261124-7K3M90X", "P20261124-7K3M90X12", "P2026112A-7K3M90X1", "P20261324-7K3M90X1", "P20261124-7K3M90XU", "PP20261124-7K3M90X1",
		"X20261124-7K3M90X1", "订单P20261124-7K3M90X1", "P20261124-7K3M90X世", "P20261124-7K3M90X1 and more",
	} {
		if got, ok := models.ReadOrderNumber(typed); ok {
			t.Errorf("%q is taken for %q", typed, got)
		}
	}
	for range 100 {
		minted := models.NewOrderNumber(time.Now())
		if got, ok := models.ReadOrderNumber(strings.ToLower(minted)); !ok || got != minted {
			t.Fatalf("%s is read as %q", minted, got)
		}
	}
}

func TestWhatIsSought(t *testing.T) {
	for typed, want := range map[string]models.Sought{
		"1000000000000025":    {OwnerID: 1000000000000025},
		"1000 0000 0000 0025": {OwnerID: 1000000000000025},
		"1000-0000-0000-0025": {OwnerID: 1000000000000025},
		"１０００００００００００００２５": {OwnerID: 1000000000000025},
		" Lin@Example.COM ":     {Email: "lin@example.com"},
		"lin＠example．com":       {Email: "lin@example.com"},
		"Linhai Trading":        {},
		"9223372036854775808":   {}, // more than there are
		"-25":                   {OwnerID: 25},
		"0":                     {},
		"P20261124-7K3M90X1":    {OrderNumber: "P20261124-7K3M90X1"},
		"20261124 7130 9021":    {OrderNumber: "P20261124-71309021", OwnerID: 2026112471309021}, // one of the two
		"sas-1a2b 3c4d5e6f7a8b": {},
	} {
		got := models.Seek(typed)
		if got.OrderNumber != want.OrderNumber || got.OwnerID != want.OwnerID || got.Email != want.Email {
			t.Errorf("%q is read as %+v", typed, got)
		}
	}
	for typed, want := range map[string]string{
		"sas-1a2b 3c4d":                        "sas-1a2b3c4d",
		"SAS-1A2B3C4D":                         "sas-1a2b3c4d",
		"5c8f2a1b-6d3e-4f70-9a8b-000000000001": "5C8F2A1B-6D3E-4F70-9A8B-000000000001",
		"rh4v7wqzk2mx3cnplytg5dsbea":           "RH4V7WQZK2MX3CNPLYTG5DSBEA",
		"Ｒ１":                                   "R1",
		"Mixed-Case":                           "Mixed-Case",
	} {
		if got := models.Seek(typed).IDs; !slices.Contains(got, want) {
			t.Errorf("%q is looked for as %q, not as %s", typed, got, want)
		}
	}
	if got := models.Seek(" \t　"); got.Text != "" || len(got.IDs) != 0 {
		t.Errorf("nothing is read as %+v", got)
	}
}

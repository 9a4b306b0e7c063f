package views_test

import (
	"strings"
	"testing"

	"github.com/a-h/templ"

	"portal/models"
	"portal/views"
)

// longSeller is as long as a reseller's name may be.
var longSeller = strings.Repeat("华东云计算 North ", 18)

func resellerPages() []canned {
	north := models.Reseller{ID: 3, Name: "North </a><b> 北方云", CredentialProfile: "north"}
	changes := []models.Change{
		{At: now, What: models.ResellerEdited, Before: models.Reseller{Name: "Nord"}.Facts(), After: north.Facts()},
		{At: now, What: models.ResellerAdded, After: models.Reseller{Name: "Nord"}.Facts()},
	}
	for i := range changes {
		changes[i].Actor = "chen@portal.example"
	}
	changes[0].Address, changes[0].RequestID = "192.0.2.7", "01JDF7Q2M8X5"
	list := func(props views.ResellersProps) func(views.Page) templ.Component {
		return func(p views.Page) templ.Component { return views.Resellers(p, props) }
	}
	form := func(props views.ResellerProps) func(views.Page) templ.Component {
		return func(p views.Page) templ.Component { return views.Reseller(p, props) }
	}
	sold := page(models.Customer, "/orders")
	sold.Seller = longSeller
	return []canned{
		{name: "resellers", page: page(models.Operator, "/resellers"), body: list(views.ResellersProps{Rows: []views.ResellerRow{
			{Reseller: north, Accounts: 2, Kept: 1, NoKey: true}, {Reseller: models.Reseller{ID: 4, Name: "South"}},
		}})},
		{name: "resellers-none", page: page(models.Operator, "/resellers"), body: list(views.ResellersProps{})},
		{name: "reseller-new", page: page(models.Operator, "/resellers/new"), body: form(views.ResellerProps{})},
		{name: "reseller", page: page(models.Operator, "/resellers/3/edit"), body: form(views.ResellerProps{
			Reseller: north, Name: north.Name, CredentialProfile: "north", Seen: models.ResellerFacts{Name: north.Name, CredentialProfile: "north"}, NoKey: true, Changes: changes,
		})},
		{name: "reseller-wrong", page: page(models.Operator, "/resellers/3/edit"), body: form(views.ResellerProps{
			Reseller: north, Name: "a\nb", CredentialProfile: "[x]",
			Problems: []views.Problem{
				{Field: "name", Key: "reseller_taken"}, {Field: "credential_profile", Key: "profile_invalid"}, {Field: "credential_profile", Key: "profile_is_key"},
				{Key: "reseller_changed", Args: []any{"Name", "x", "Profile", "default"}},
			},
		})},
		{name: "sold-by-a-long-name", page: sold, body: func(p views.Page) templ.Component { return views.Orders(p, views.OrdersProps{}) }},
	}
}

func TestResellersSayWhoseKeySigns(t *testing.T) {
	tells(t, "resellers", "North </a><b> 北方云", "No key found", "1 order with an earlier profile", "Portal’s default")
	tells(t, "reseller", "This machine finds no key for the profile “north”", "Orders under way keep the profile", "Alibaba Cloud may refuse",
		"From “Nord” to “North </a><b> 北方云”", "Credential profile from “Portal’s default” to “north”", "From 192.0.2.7, request 01JDF7Q2M8X5")
	tellsNot(t, "reseller-new", "Orders under way")
}

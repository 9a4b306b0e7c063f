package views_test

import (
	"strings"
	"testing"

	"github.com/a-h/templ"

	"portal/models"
	"portal/views"
)

func importPages() []canned {
	form := func(props views.ImportFormProps) func(views.Page) templ.Component {
		return func(p views.Page) templ.Component { props.MostLines = 5000; return views.ImportForm(p, props) }
	}
	list := func(props views.ImportProps) func(views.Page) templ.Component {
		return func(p views.Page) templ.Component { return views.Import(p, props) }
	}
	lines := []models.ImportLine{
		models.NewImportLine(2, "2001", "北方物流 </td><b>", strings.Repeat("calls on Mondays ", 20)), models.NewImportLine(3, "2002", "Studio", ""),
		models.NewImportLine(4, "2003", "Other", ""), models.NewImportLine(5, "2004", "Mine", ""), models.NewImportLine(6, "2001", "Again", ""),
	}
	cells := models.NewImportLine(7, "9", "x", "")
	cells.OwnerID, cells.Wrong = 0, models.LineCells
	lines = append(lines, cells, models.ImportLine{Number: 8, Wrong: models.LineMalformed})
	for i, c := range [][3]string{
		{"", "x", ""}, {"x", "x", ""}, {"1.2E+15", "x", ""}, {"10", "", ""}, {"11", "a\nb", ""}, {"12", "x", strings.Repeat("n", 2001)}, {"13", "x", "a\u202eb"},
	} {
		lines = append(lines, models.NewImportLine(9+i, c[0], c[1], c[2]))
	}
	other := int64(99)
	fates := models.FatesOf(lines, &reseller, map[int64]models.Account{
		2002: {Name: "Studio", ResellerID: &reseller}, 2003: {Name: "Blue </b> Harbour", ResellerID: &reseller}, 2004: {Name: "Hidden", ResellerID: &other},
	})
	shown := views.ImportProps{
		ID: "ABC", ExpiresAt: yearOn, Reseller: "North </p> 北方云", Lines: fates, Counts: models.CountFates(fates), All: len(fates), Seen: "0f",
		NextURL: "/accounts/import/ABC?after=15", Problems: []views.Problem{{Key: "import_changed"}},
	}
	done := shown
	done.Done, done.Problems, done.Fate = &now, nil, models.FateAdd
	none := shown
	none.Counts, none.Lines, none.NextURL = map[models.Fate]int{models.FateWrong: 1}, fates[5:6], ""
	none.All, none.Problems = 1, nil
	wrong := views.ImportFormProps{Pasted: "</textarea><b>", Reseller: "3", Resellers: []models.Reseller{{ID: 3, Name: "<b>"}}}
	for _, key := range []string{"nothing", "both", "too_large", "too_many", "empty", "workbook", "not_text", "no_header", "no_column", "unclosed"} {
		wrong.Problems = append(wrong.Problems, views.Problem{Field: "file", Key: "import_" + key, Args: []any{"Line", 7, "Most", 5000}})
	}
	return []canned{
		{name: "import-form", page: page(models.ResellerAdmin, "/accounts/import"), body: form(views.ImportFormProps{})},
		{name: "import-form-wrong", page: page(models.Operator, "/accounts/import"), body: form(wrong)},
		{name: "import", page: page(models.Operator, "/accounts/import/ABC"), body: list(shown)},
		{name: "import-none", page: page(models.ResellerAdmin, "/accounts/import/ABC"), body: list(none)},
		{name: "import-done", page: page(models.ResellerAdmin, "/accounts/import/ABC"), body: list(done)},
	}
}

// TestEveryLineSaysWhatBecomesOfIt, and nothing of another's account.
func TestEveryLineSaysWhatBecomesOfIt(t *testing.T) {
	tells(t, "import", "Add 1 account", "北方物流 </td><b>", "accounts, as “Blue </b> Harbour”. Its name stays", "cannot be added here", "Line 2 has the same OwnerId",
		"more cells than", "quotation marks in this line", "The OwnerId is missing", "digits only", "has shortened this OwnerId", "The name is missing",
		"The name is wrong", "The note is too long", "cannot be shown", "will belong to North </p> 北方云", "Nothing was added", "All 14", "Has a mistake: 9")
	tellsNot(t, "import", "Hidden", strings.Repeat("calls on Mondays ", 10))
	tellsNot(t, "import-none", "Add 0", "Add 1")
	tells(t, "import-done", "1 account was added", "Download the 13 lines")
	tellsNot(t, "import-done", "Add 1 account")
	tellsNot(t, "import-form", "Reseller")
	tells(t, "import-form-wrong", "</textarea><b>", "A quotation mark in line 7", "more than 5,000 accounts")
}

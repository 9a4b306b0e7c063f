package views_test

import (
	"time"

	"github.com/a-h/templ"

	"portal/models"
	"portal/views"
)

// dashboardPages are the overview with a year's spend, with one month's, with
// more paid back than charged, and with nothing.
func dashboardPages() []canned {
	var out []canned
	of := func(name string, sums map[int]models.Fen) {
		begins, _ := models.LastMonths(now, 12)
		props := views.DashboardProps{
			Expiring:  views.QueueCount{Count: 3, URL: "/accounts?state=expiring"},
			Outgrown:  views.QueueCount{Count: 10000, Capped: true, URL: "/accounts?state=outgrown"},
			Attention: views.QueueCount{URL: "/accounts?state=attention"},
			Accounts:  views.QueueCount{Count: 84, URL: "/accounts"},
		}
		for i, begin := range begins {
			m := models.MonthSpend{Begins: begin, ByEdition: map[models.Edition]models.Fen{}}
			if fen := sums[i]; fen != 0 {
				m.ByEdition[models.Pro], m.ByEdition[models.Enterprise] = fen/3, fen-fen/3
			}
			props.Months = append(props.Months, m)
			props.MonthURLs = append(props.MonthURLs, "/orders?from="+begin.Format(time.DateOnly))
		}
		p := page(models.ResellerAdmin, "/dashboard")
		out = append(out, canned{name: name, page: p, body: func(p views.Page) templ.Component { return views.Dashboard(p, props) }})
	}
	of("dashboard", map[int]models.Fen{0: 1530000, 1: 918000, 2: 100, 4: 12345678, 7: 3825000, 8: -250000, 11: 7650000})
	of("dashboard-one-month", map[int]models.Fen{11: 1530000})
	of("dashboard-paid-back", map[int]models.Fen{10: 1530000, 11: -1530000})
	of("dashboard-nothing", nil)
	return out
}

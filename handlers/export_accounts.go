package handlers

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"portal/locales"
	"portal/models"
	"portal/views"
)

// accountCell is what a column says of an account at a time, nil for nothing.
type accountCell func(*locales.Localizer, views.AccountRow, time.Time) any

// ofHeld is a cell about the subscription, empty where there is none.
func ofHeld(cell func(*locales.Localizer, models.Subscription, time.Time) any) accountCell {
	return func(l *locales.Localizer, r views.AccountRow, now time.Time) any {
		if r.Subscription == nil {
			return nil
		}
		return cell(l, *r.Subscription, now)
	}
}

// accountColumns are those of the list's export.
var accountColumns = []struct {
	heading string
	cell    accountCell
}{
	{"accounts.name", func(_ *locales.Localizer, r views.AccountRow, _ time.Time) any { return r.Account.Name }},
	{"export.owner_id", func(_ *locales.Localizer, r views.AccountRow, _ time.Time) any {
		return strconv.FormatInt(r.Account.OwnerID, 10)
	}},
	{"accounts.state", func(l *locales.Localizer, r views.AccountRow, now time.Time) any {
		if r.Subscription == nil {
			return l.T("accounts.unsubscribed")
		}
		return l.T("state." + string(r.Subscription.State(now)))
	}},
	{"suspension.badge", func(_ *locales.Localizer, r views.AccountRow, _ time.Time) any { return instant(r.Account.SuspendedAt) }},
	{"account.edition", ofHeld(func(l *locales.Localizer, held models.Subscription, _ time.Time) any {
		return l.T("edition." + string(held.Edition))
	})},
	{"account.covered", ofHeld(func(_ *locales.Localizer, held models.Subscription, _ time.Time) any { return held.InstanceCount })},
	{"account.owned", func(_ *locales.Localizer, r views.AccountRow, _ time.Time) any {
		if r.Owned == nil {
			return nil
		}
		return r.Owned.Machines
	}},
	{"accounts.counted", func(_ *locales.Localizer, r views.AccountRow, _ time.Time) any {
		if r.Owned == nil {
			return nil
		}
		return r.Owned.ReadAt
	}},
	{"accounts.ends", ofHeld(func(_ *locales.Localizer, held models.Subscription, _ time.Time) any { return held.EndsAt })},
	{"accounts.days", ofHeld(func(_ *locales.Localizer, held models.Subscription, now time.Time) any { return held.DaysLeft(now) })},
	{"accounts.spent", func(_ *locales.Localizer, r views.AccountRow, _ time.Time) any { return r.SpentFen }},
	{"accounts.last_order", func(_ *locales.Localizer, r views.AccountRow, _ time.Time) any {
		if r.LastOrder == nil {
			return nil
		}
		return r.LastOrder.Number
	}},
}

// accountsCSV sends the list of accounts as CSV: exactly what the filters choose,
// in their order.
func (a *app) accountsCSV(c echo.Context) error {
	p := a.askedAccounts(c)
	filter, problems := a.readAccountFilter(p)
	if len(problems) > 0 {
		return a.accounts(c) // the page that says them
	}
	header := func() {
		name := "accounts-" + a.Store.Now().In(models.Beijing).Format("20060102") + ".csv"
		c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
		c.Response().Header().Set(echo.HeaderContentType, "text/csv; charset=utf-8")
		c.Response().WriteHeader(http.StatusOK)
	}
	if exchangeOf(c.Request()).head {
		header()
		return nil
	}
	ctx, l, now, out := c.Request().Context(), locales.From(c.Request().Context()), a.Store.Now(), patientTo(c)
	var buffer bytes.Buffer
	w := csv.NewWriter(&buffer)
	w.UseCRLF = true
	record := make([]string, len(accountColumns))
	year := []any{"Year", strconv.Itoa(p.Year)}
	for behind := ""; ; {
		found, err := a.Store.ListAccounts(ctx, viewer(c), filter, behind, exportChunk)
		if err != nil {
			return err
		}
		rows, err := a.accountRows(ctx, viewer(c), found)
		if err != nil {
			return err
		}
		if !c.Response().Committed { // the first could be read, so there is a file
			header()
			buffer.WriteString(byteOrderMark)
			for i, col := range accountColumns {
				record[i] = csvCell(l.T(col.heading, year...))
			}
			if err := w.Write(record); err != nil {
				return err
			}
		}
		for _, row := range rows {
			for i, col := range accountColumns {
				record[i] = csvCell(col.cell(l, row, now))
			}
			if err := w.Write(record); err != nil {
				return err
			}
		}
		w.Flush()
		if err := w.Error(); err != nil {
			return err
		}
		if _, err := buffer.WriteTo(out); err != nil {
			return err
		}
		if err := out.control.Flush(); err != nil {
			return err
		}
		if len(found) < exportChunk {
			return nil
		}
		behind = found[len(found)-1].Key
	}
}

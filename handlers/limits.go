package handlers

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// limitsForm asks how much an account's people may order by themselves.
func (a *app) limitsForm(c echo.Context) error {
	account, _, err := a.findAccount(c)
	if err != nil {
		return err
	}
	p := views.LimitsProps{Account: account}
	for _, limit := range []struct {
		fen *models.Fen
		to  *string
	}{{account.MonthlyLimitFen, &p.Monthly}, {account.ApprovalAboveFen, &p.Above}} {
		if limit.fen != nil {
			*limit.to = limit.fen.Yuan()
		}
	}
	return a.renderLimits(c, http.StatusOK, p)
}

// setLimits keeps what was entered; an empty field is no limit.
func (a *app) setLimits(c echo.Context) error {
	account, _, err := a.findAccount(c)
	if err != nil {
		return err
	}
	form := c.Request().PostForm
	p := views.LimitsProps{
		Account: account, Monthly: strings.TrimSpace(form.Get("monthly_limit")), Above: strings.TrimSpace(form.Get("approval_above")),
	}
	limit := func(typed, field string) *models.Fen {
		if typed == "" {
			return nil
		}
		fen, ok := yuan(typed)
		if !ok {
			p.Problems = append(p.Problems, views.Problem{Field: field, Key: "limit_invalid"})
		}
		return &fen
	}
	monthly, above := limit(p.Monthly, "monthly_limit"), limit(p.Above, "approval_above")
	if len(p.Problems) > 0 {
		return a.renderLimits(c, http.StatusUnprocessableEntity, p)
	}
	if err := a.Store.SetLimits(c.Request().Context(), a.by(c), account.ID, monthly, above); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, accountPath(account.ID))
}

// used is what was ordered for an account in this month, where that is limited.
func (a *app) used(ctx context.Context, account models.Account) (models.Fen, error) {
	if account.MonthlyLimitFen == nil {
		return 0, nil
	}
	return a.Store.Spent(ctx, account.ID)
}

func (a *app) renderLimits(c echo.Context, status int, p views.LimitsProps) error {
	var err error
	if p.Used, err = a.Store.Spent(c.Request().Context(), p.Account.ID); err != nil {
		return err
	}
	return a.render(c, status, views.Limits(a.page(c), p))
}

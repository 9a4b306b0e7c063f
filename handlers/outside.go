package handlers

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/pricing"
	"portal/store"
	"portal/views"
)

// outsideForm asks an operator what they saw at the provider that no order of
// ours did.
func (a *app) outsideForm(c echo.Context) error {
	account, held, kind, err := a.findOutside(c, c.QueryParam("kind"))
	if err != nil {
		return err
	}
	if !slices.Contains(recordable(held.Subscription, a.Store.Now()), kind) {
		return c.Redirect(http.StatusSeeOther, accountPath(account.ID)) // its page says what it holds
	}
	p := views.OutsideProps{Account: account, Kind: kind, Seen: seen(held)}
	if s := held.Subscription; s != nil && kind != models.Adopted {
		p.Held = s
		before := s.Confirmed()
		p.Edition, p.Machines = string(before.Edition), strconv.Itoa(before.InstanceCount)
		p.AutoRenew, p.AutoRenewMonths = s.AutoRenew, months(s.AutoRenewMonths)
	}
	return a.renderOutside(c, p)
}

// recordOutside keeps it. Nobody is called and no money moves.
func (a *app) recordOutside(c echo.Context) error {
	form := c.Request().PostForm
	account, held, kind, err := a.findOutside(c, form.Get("kind"))
	if err != nil {
		return err
	}
	p := views.OutsideProps{
		Account: account, Kind: kind, InstanceID: strings.TrimSpace(form.Get("instance_id")),
		Edition: form.Get("edition"), Machines: strings.TrimSpace(form.Get("machines")),
		Starts: strings.TrimSpace(form.Get("starts")), Ends: strings.TrimSpace(form.Get("ends")),
		Paid: strings.TrimSpace(form.Get("paid")), Reason: strings.TrimSpace(form.Get("reason")),
		AutoRenew: form.Get("auto_renew") != "", AutoRenewMonths: form.Get("auto_renew_months"),
	}
	if kind != models.Adopted {
		p.Held = held.Subscription
	}
	event, problems := readOutside(p, a.Store.Now())
	if len(problems) == 0 {
		if err := a.resell(c, account, &event); err != nil {
			return err
		}
		_, err = a.Store.Record(c.Request().Context(), a.by(c), event, readSeen(form.Get("seen")))
		var open *models.OpenOrderError
		wrong := func(field, key string, args ...any) {
			problems = append(problems, views.Problem{Field: field, Key: key, Args: args})
		}
		switch {
		case err == nil:
			return c.Redirect(http.StatusSeeOther, accountPath(account.ID)+"?recorded="+string(kind))
		case errors.As(err, &open):
			wrong("", "open_order", "Number", open.Number)
		case errors.Is(err, models.ErrSubscribed):
			wrong("", "outside_held")
		case errors.Is(err, models.ErrNotSubscribed):
			wrong("", "outside_not_held")
		case errors.Is(err, models.ErrConflict):
			wrong("", "history_changed")
		case errors.Is(err, models.ErrExists):
			wrong("instance_id", "instance_taken")
		case errors.Is(err, models.ErrTooEarly) && kind == models.Released:
			wrong("ends", "released_before_start", "Day", held.Subscription.StartsAt)
		case errors.Is(err, models.ErrTooEarly):
			wrong("ends", "ends_not_later", "Day", held.Subscription.ConfirmedEnd())
		default:
			return err
		}
	}
	p.Problems, p.Seen = problems, seen(held)
	return a.renderOutside(c, p)
}

// resell says in an entry what the account paid its reseller for what the
// provider took: by the rule in force when it is recorded, since nobody typed it.
func (a *app) resell(c echo.Context, account models.Account, e *models.OutsideEvent) error {
	prices, err := a.Store.OwnPrices(c.Request().Context(), account)
	if err != nil || prices == nil || e.Kind == models.Released {
		return err
	}
	e.Markup = prices.Markup(e.Edition)
	own := pricing.Own(e.PaidFen, e.Markup)
	e.OwnPaidFen = &own
	return nil
}

func (a *app) renderOutside(c echo.Context, p views.OutsideProps) error {
	p.Editions = models.Editions()
	// What was seen need not be on sale here.
	p.AutoRenewOptions = append([]int{1, 3, 6, 12, 24, 36}, a.Book.AutoRenewMonths()...)
	if p.Held != nil && p.Held.AutoRenewMonths > 0 {
		p.AutoRenewOptions = append(p.AutoRenewOptions, p.Held.AutoRenewMonths)
	}
	slices.Sort(p.AutoRenewOptions)
	p.AutoRenewOptions = slices.Compact(p.AutoRenewOptions)
	status := http.StatusOK
	if len(p.Problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return a.render(c, status, views.Outside(a.page(c), p))
}

// findOutside finds the account of a form.
func (a *app) findOutside(c echo.Context, name string) (models.Account, store.Holding, models.OutsideKind, error) {
	kind := models.OutsideKind(name)
	if !slices.Contains(models.OutsideKinds(), kind) {
		return models.Account{}, store.Holding{}, kind, models.ErrNotFound
	}
	account, held, err := a.findAccount(c)
	return account, held, kind, err
}

// seen is the history that a form shows, for the form to say when it comes back.
func seen(held store.Holding) string {
	s := held.Seen()
	return strconv.FormatInt(s.LastOrderID, 10) + "." + strconv.FormatInt(s.LastOutsideID, 10)
}

// readSeen reads it; nil from a script that looked at no form.
func readSeen(s string) *models.Seen {
	if s == "" {
		return nil
	}
	order, outside, _ := strings.Cut(s, ".")
	lastOrder, err1 := strconv.ParseInt(order, 10, 64)
	lastOutside, err2 := strconv.ParseInt(outside, 10, 64)
	if err1 != nil || err2 != nil {
		return &models.Seen{LastOrderID: -1} // nothing that ever was
	}
	return &models.Seen{LastOrderID: lastOrder, LastOutsideID: lastOutside}
}

const (
	longestReason = 1000
	// longestRenewal is the longest automatic renewal that can have been seen, in
	// months.
	longestRenewal = 36
)

// instanceID is what the provider's ids look like, generously.
var instanceID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$`)

// readOutside reads the form and says what is wrong with it.
func readOutside(p views.OutsideProps, now time.Time) (models.OutsideEvent, []views.Problem) {
	e := models.OutsideEvent{
		AccountID: p.Account.ID, Kind: p.Kind, InstanceID: p.InstanceID, Reason: p.Reason, AutoRenew: p.AutoRenew,
	}
	var problems []views.Problem
	wrong := func(field, key string, args ...any) {
		problems = append(problems, views.Problem{Field: field, Key: key, Args: args})
	}

	switch {
	case p.Kind == models.Released && p.InstanceID == "":
		wrong("instance_id", "instance_id_confirm_release")
	case p.Kind == models.Released && p.Held != nil && p.InstanceID != p.Held.InstanceID:
		wrong("instance_id", "instance_id_confirm_wrong")
	case p.Kind == models.Renewed && p.InstanceID == "":
		wrong("", "instance_id_missing") // the form knows it; only a script can forget it
	case p.Kind == models.Renewed:
	case p.InstanceID == "":
		wrong("instance_id", "instance_id_missing")
	case !instanceID.MatchString(p.InstanceID):
		wrong("instance_id", "instance_id_invalid")
	}
	if p.Kind != models.Released {
		e.Edition = models.Edition(p.Edition)
		if !e.Edition.Valid() {
			wrong("edition", "edition_missing")
		}
		n, err := strconv.Atoi(p.Machines)
		if err != nil || n < 1 || n > pricing.MaxMachines {
			wrong("machines", "machines_invalid")
		}
		e.InstanceCount = n
	}
	if p.Kind == models.Adopted {
		starts, ok := beijingTime(p.Starts)
		switch {
		case !ok:
			wrong("starts", "starts_invalid")
		case starts.After(now):
			wrong("starts", "starts_future")
		default:
			e.StartsAt = &starts
		}
	}
	ends, ok := beijingTime(p.Ends)
	switch {
	case !ok:
		wrong("ends", "ends_invalid")
	case p.Kind == models.Released && ends.After(now):
		wrong("ends", "ends_future")
	case e.StartsAt != nil && !ends.After(*e.StartsAt):
		wrong("ends", "ends_not_after_start")
	default:
		e.EndsAt = &ends
	}
	if p.Kind != models.Released {
		if e.PaidFen, ok = yuan(p.Paid); !ok {
			wrong("paid", "paid_invalid")
		}
		if p.AutoRenew {
			n, err := strconv.Atoi(p.AutoRenewMonths)
			if err != nil || n < 1 || n > longestRenewal {
				wrong("auto_renew_months", "auto_renew_months_missing")
			}
			e.AutoRenewMonths = n
		}
	}
	if key := wrongReason(p.Reason); key != "" {
		wrong("reason", key)
	}
	return e, problems
}

// wrongReason says what is wrong with an operator's own words, as a key of
// "problem"; empty for nothing.
func wrongReason(reason string) string {
	return wrongWords(reason, longestReason, "reason_missing", "reason_too_long", "reason_invisible")
}

// wrongWords says which is wrong with what somebody wrote for others to read: it
// is missing, it is longer than so many characters, or some of it can't be seen;
// empty for nothing.
func wrongWords(words string, longest int, missing, tooLong, invisible string) string {
	switch {
	case words == "":
		return missing
	case utf8.RuneCountInString(words) > longest:
		return tooLong
	case strings.ContainsFunc(words, func(r rune) bool {
		return !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r) && !strings.ContainsRune("\t\r\n", r)
	}):
		return invisible
	}
	return ""
}

// beijingTime reads a time as the provider's console and browsers write it.
func beijingTime(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, s, models.Beijing); err == nil {
			return at.UTC(), at.Year() >= 2000 && at.Year() < 2200
		}
	}
	return time.Time{}, false
}

// sum is how people write yuan: with thousands' commas or without.
var sum = regexp.MustCompile(`^(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,2})?$`)

// yuan reads a sum in yuan, 0 or more.
func yuan(s string) (models.Fen, bool) {
	s = strings.TrimSpace(strings.TrimLeft(s, "¥￥"))
	if !sum.MatchString(s) {
		return 0, false
	}
	whole, part, _ := strings.Cut(strings.ReplaceAll(s, ",", ""), ".")
	fen, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	return models.Fen(fen), err == nil
}

// months is a form's value, empty for none.
func months(n int) string {
	if n < 1 {
		return ""
	}
	return strconv.Itoa(n)
}

package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// keyPatience is how long a page of resellers waits to hear of their keys: some
// come from a token service.
const keyPatience = 2 * time.Second

// resellers lists them with whose key signs for them.
func (a *app) resellers(c echo.Context) error {
	ctx := c.Request().Context()
	rows, err := a.Store.ResellerRows(ctx, a.CredentialProfile)
	if err != nil {
		return err
	}
	noKey := a.noKeys(ctx)
	p := views.ResellersProps{}
	for _, r := range rows {
		p.Rows = append(p.Rows, views.ResellerRow{Reseller: r.Reseller, Accounts: r.Accounts, Kept: r.Kept, NoKey: noKey(r.CredentialProfile)})
	}
	return a.render(c, http.StatusOK, views.Resellers(a.page(c), p))
}

// noKeys asks for each profile once whether this machine lacks its key. It takes no
// longer than keyPatience for all; who does not answer in time is not said to lack
// one.
func (a *app) noKeys(ctx context.Context) func(profile string) bool {
	asked := map[string]bool{}
	deadline := time.Now().Add(keyPatience)
	return func(profile string) bool {
		lacks, known := asked[profile]
		if !known {
			ctx, cancel := context.WithDeadline(ctx, deadline)
			defer cancel()
			err := a.HasKey(ctx, profile)
			lacks = err != nil && ctx.Err() == nil
			asked[profile] = lacks
		}
		return lacks
	}
}

// newReseller asks for a reseller.
func (a *app) newReseller(c echo.Context) error {
	return a.render(c, http.StatusOK, views.Reseller(a.page(c), views.ResellerProps{}))
}

// addReseller adds it.
func (a *app) addReseller(c echo.Context) error {
	p, typed := readReseller(c)
	if len(p.Problems) == 0 {
		_, err := a.Store.CreateReseller(c.Request().Context(), a.by(c), typed)
		switch {
		case err == nil:
			return c.Redirect(http.StatusSeeOther, "/resellers")
		case errors.Is(err, models.ErrExists):
			p.Problems = []views.Problem{{Field: "name", Key: "reseller_taken"}}
		default:
			return err
		}
	}
	return a.render(c, http.StatusUnprocessableEntity, views.Reseller(a.page(c), p))
}

// resellerForm shows a reseller, to be edited.
func (a *app) resellerForm(c echo.Context) error {
	reseller, err := a.findReseller(c)
	if err != nil {
		return err
	}
	return a.renderReseller(c, http.StatusOK, reseller, views.ResellerProps{
		Name: reseller.Name, CredentialProfile: reseller.CredentialProfile, Seen: factsOf(reseller),
	})
}

// editReseller renames it, or has its orders go with another profile from now on.
func (a *app) editReseller(c echo.Context) error {
	reseller, err := a.findReseller(c)
	if err != nil {
		return err
	}
	p, typed := readReseller(c)
	form := c.Request().PostForm
	p.Seen = models.ResellerFacts{Name: form.Get("seen_name"), CredentialProfile: form.Get("seen_profile")}
	if len(p.Problems) == 0 {
		err := a.Store.EditReseller(c.Request().Context(), a.by(c), reseller.ID, p.Seen, typed.Name, typed.CredentialProfile)
		switch {
		case err == nil:
			return c.Redirect(http.StatusSeeOther, "/resellers")
		case errors.Is(err, models.ErrExists):
			p.Problems = []views.Problem{{Field: "name", Key: "reseller_taken"}}
		case errors.Is(err, models.ErrConflict):
			if reseller, err = a.findReseller(c); err != nil {
				return err
			}
			// What was typed stays; saved again, it is over what stands there now.
			p.Seen = factsOf(reseller)
			p.Problems = []views.Problem{{Key: "reseller_changed", Args: []any{"Name", reseller.Name, "Profile", profileOr(reseller)}}}
			return a.renderReseller(c, http.StatusConflict, reseller, p)
		default:
			return err
		}
	}
	return a.renderReseller(c, http.StatusUnprocessableEntity, reseller, p)
}

func (a *app) renderReseller(c echo.Context, status int, reseller models.Reseller, p views.ResellerProps) error {
	ctx := c.Request().Context()
	p.Reseller, p.NoKey = reseller, a.noKeys(ctx)(reseller.CredentialProfile)
	var err error
	if p.Changes, err = a.Store.ResellerChanges(ctx, reseller.ID, changesShown); err != nil {
		return err
	}
	if err := a.nameActors(c, p.Changes); err != nil {
		return err
	}
	return a.render(c, status, views.Reseller(a.page(c), p))
}

// findReseller reads the reseller that the path names.
func (a *app) findReseller(c echo.Context) (models.Reseller, error) {
	id, err := pathID(c, "reseller")
	if err != nil {
		return models.Reseller{}, err
	}
	return a.Store.Reseller(c.Request().Context(), viewer(c), id)
}

// readReseller reads the form, and says what is wrong with it. A key that was typed
// for a profile's name is not given back.
func readReseller(c echo.Context) (views.ResellerProps, models.Reseller) {
	form := c.Request().PostForm
	p := views.ResellerProps{Name: strings.TrimSpace(form.Get("name")), CredentialProfile: strings.TrimSpace(form.Get("credential_profile"))}
	var r models.Reseller
	var err error
	if r.Name, err = models.NormalizeName(p.Name); err != nil {
		key := "name_invalid"
		if p.Name == "" {
			key = "name_missing"
		}
		p.Problems = append(p.Problems, views.Problem{Field: "name", Key: key})
	}
	r.CredentialProfile, err = models.NormalizeProfile(p.CredentialProfile)
	switch {
	case errors.Is(err, models.ErrLooksLikeAKey):
		p.CredentialProfile = ""
		p.Problems = append(p.Problems, views.Problem{Field: "credential_profile", Key: "profile_is_key"})
	case err != nil:
		p.Problems = append(p.Problems, views.Problem{Field: "credential_profile", Key: "profile_invalid"})
	}
	return p, r
}

func factsOf(r models.Reseller) models.ResellerFacts {
	return models.ResellerFacts{Name: r.Name, CredentialProfile: r.CredentialProfile}
}

func profileOr(r models.Reseller) string {
	if r.CredentialProfile == "" {
		return models.DefaultProfile
	}
	return r.CredentialProfile
}

// seller is the name that the viewer's pages bear beside the portal's own: their
// reseller's, and in a view the customer's. A page does without where it can't be
// read.
func (a *app) seller(c echo.Context, v *models.Viewer) string {
	if v == nil {
		return ""
	}
	if known, ok := c.Get(keySeller).(string); ok {
		return known
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), alarmPatience)
	defer cancel()
	u := v.User
	if v.As != nil {
		u = models.User{AccountID: &v.As.ID}
	}
	name, err := a.Store.SellerOf(ctx, u)
	if err != nil {
		if c.Request().Context().Err() == nil {
			a.Logger.Warn("can't read whose customer this is; the page does without", "request_id", c.Get(keyRequestID), "error", err)
		}
		return ""
	}
	c.Set(keySeller, name)
	return name
}

package handlers

import (
	"crypto/rand"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/views"
)

// longestNote is how many characters a note has at most.
const longestNote = models.LongestNote

// addNote keeps what one of the staff wrote about an order, for the others.
func (a *app) addNote(c echo.Context) error {
	form := c.Request().PostForm
	// Browsers send two characters for the end of a line.
	typed := views.Notes{Form: form.Get("form"), Typed: strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(form.Get("note"))}
	note := strings.TrimSpace(typed.Typed)
	if key := wrongWords(note, longestNote, "note_missing", "note_too_long", "note_invisible"); key != "" {
		problem := views.Problem{Field: "note", Key: key, Args: []any{"Count", utf8.RuneCountInString(note), "Most", longestNote}}
		return a.renderOrder(c, http.StatusUnprocessableEntity, []views.Problem{problem}, typedInOrder{note: &typed})
	}
	number := c.Param("number")
	if err := a.Store.AddNote(c.Request().Context(), a.by(c), number, note, typed.Form); err != nil {
		return err
	}
	c.Set(keyOrder, number)
	return c.Redirect(http.StatusSeeOther, orderPath(number)+"#notes")
}

// notes are what staff see of an order's notes, with an empty form for another.
func (a *app) notes(c echo.Context, order models.Order) (*views.Notes, error) {
	all, err := a.Store.Notes(c.Request().Context(), viewer(c), order.ID)
	if err != nil {
		return nil, err
	}
	notes := &views.Notes{Form: rand.Text()}
	for _, n := range all {
		author, err := a.Store.User(c.Request().Context(), n.UserID)
		if err != nil {
			return nil, err
		}
		notes.All = append(notes.All, views.Note{At: n.CreatedAt, By: author.Email, Words: n.Note})
	}
	return notes, nil
}

// orderLink is an order's page as a colleague opens it, from where this one was
// opened.
func (a *app) orderLink(c echo.Context, number string) string { return a.link(c, orderPath(number)) }

// link is a path's whole address, as the portal is reached by this request.
func (a *app) link(c echo.Context, path string) string {
	scheme := c.Scheme()
	if a.Secure {
		scheme = "https" // of the proxy before us
	}
	return scheme + "://" + c.Request().Host + path
}

// Package views turns typed props into pages. It decides no rule and does no
// I/O: handlers say what is, views say it in the reader's language. Every word
// comes from locales/.
package views

import (
	"time"

	"portal/models"
)

// Page is what every page's layout needs.
type Page struct {
	Viewer    *models.Viewer      // nil when nobody is signed in
	Path      string              // path and query of this page: where switching the language returns to
	Theme     string              // "light", "dark", or empty for the system's
	Sandbox   bool                // every page says so, unmistakably
	Armed     *models.ArmedMishap // what a visitor of the sandbox lets go wrong, nil for nothing
	Seller    string              // the reseller whose people look, by whose name the page goes; empty for the portal's own
	RequestID string              // to quote when something went wrong
	// Refresh is how often the page asks for itself again (by script, and without
	// script by an element in <noscript>), unless Path says "refresh=off"; 0 never.
	Refresh time.Duration
	Now     time.Time // UTC
	// Skew is set while the portal's clock is too far off to take orders.
	Skew *models.Skew
	// Fault is set while the database takes no writes.
	Fault *models.Fault
	// Acting is set where somebody orders for an account that is not their own.
	Acting *models.Placer
	// Alarm is what wants an operator's eye, for staff; nil where it can't be told.
	Alarm *models.Alarm
}

// Problem is one thing wrong with a form: the same words stand in the summary
// on top (with a link to the field) and at the field.
type Problem struct {
	Field string // the input's name; empty when no single field is to blame
	Key   string // locales: "problem.<key>"
	Args  []any  // pairs for the message: "Name", value, …
}

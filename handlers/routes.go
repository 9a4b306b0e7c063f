package handlers

import (
	"github.com/labstack/echo/v4"

	"portal/static"
)

// route is the table of everything that the portal answers.
func (a *app) route(e *echo.Echo) {
	// For anybody.
	e.GET("/healthz", a.healthz)
	e.GET("/readyz", a.readyz)
	e.GET(static.Prefix+"*", echo.WrapHandler(static.Handler()))
	e.GET("/sign-in", a.signInPage)
	e.POST("/sign-in", a.signIn)
	e.POST("/preferences", a.preferences)

	// For people who are signed in. Not a group: echo's groups answer 404 where
	// the method is wrong.
	in := a.requireSignIn
	e.POST("/sign-out", a.signOut, in)
	e.GET("/", a.home, in)
	e.GET("/accounts", a.accounts, in)
	e.GET("/accounts/:account", a.account, in)
	e.GET("/accounts/:account/quote", a.quoteForm, in)
	e.POST("/accounts/:account/quote", a.makeQuote, in)
	e.GET("/accounts/:account/outside", a.outsideForm, in)
	e.POST("/accounts/:account/outside", a.recordOutside, in)
	e.POST("/accounts/:account/release", a.releaseAccount, in)
	e.GET("/quotes/:quote", a.check, in)
	e.POST("/quotes/:quote/order", a.placeOrder, in)
	e.GET("/orders", a.orders, in)
	e.GET("/orders.csv", a.ordersCSV, in)
	e.GET("/orders.xlsx", a.ordersXLSX, in)
	e.GET("/orders/:number", a.order, in)
	e.POST("/orders/:number/cancel", a.cancelOrder, in)
	e.POST("/orders/:number/settle", a.settleOrder, in)
	e.POST("/orders/:number/proposal", a.answerProposal, in)
	e.GET("/review", a.reviewQueue, in)
	e.GET("/help/errors", a.errorHelp, in)
}

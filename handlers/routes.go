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

	// For people who are signed in.
	in := e.Group("", a.requireSignIn)
	in.POST("/sign-out", a.signOut)
	in.GET("/", a.home)
	in.GET("/accounts", a.accounts)
	in.GET("/accounts/:account", a.account)
	in.GET("/accounts/:account/quote", a.quoteForm)
	in.POST("/accounts/:account/quote", a.makeQuote)
	in.GET("/quotes/:quote", a.check)
	in.POST("/quotes/:quote/order", a.placeOrder)
	in.GET("/orders", a.orders)
	in.GET("/orders/:number", a.order)
	in.POST("/orders/:number/cancel", a.cancelOrder)
}

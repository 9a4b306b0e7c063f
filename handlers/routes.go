package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"portal/models"
	"portal/static"
)

// anybody is the action of routes that need no sign-in.
const anybody models.Action = ""

// route is something that the portal answers.
type route struct {
	method, path string
	action       models.Action // who may: see models.Action
	answer       echo.HandlerFunc
}

// routes is the table of everything that the portal answers.
func (a *app) routes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/healthz", anybody, a.healthz},
		{get, "/readyz", anybody, a.readyz},
		{get, static.Prefix + "*", anybody, echo.WrapHandler(static.Handler())},
		{get, "/sign-in", anybody, a.signInPage},
		{post, "/sign-in", anybody, a.signIn},
		{post, "/sign-in/demo", anybody, a.signInDemo},
		{get, "/sandbox", anybody, a.sandboxPage},
		{post, "/sandbox", anybody, a.armMishap},
		{get, "/styleguide", anybody, a.styleguide},
		{post, "/preferences", anybody, a.preferences},
		{get, "/invitation", anybody, a.invitation},
		{post, "/invitation", anybody, a.acceptInvitation},

		{post, "/sign-out", models.ActSelf, a.signOut},
		{post, "/leave-view", models.ActSelf, a.leaveView},
		{get, "/", models.ActSelf, a.home},
		{get, "/help/errors", models.ActSelf, a.errorHelp},
		{get, "/me", models.ActSelf, a.me},
		{post, "/me", models.ActSelf, a.changePassword},
		{get, "/dashboard", models.ActOversee, a.dashboard},
		{get, "/accounts", models.ActOversee, a.accounts},
		{get, "/accounts.csv", models.ActOversee, a.accountsCSV},
		{get, "/accounts/new", models.ActAdminister, a.newAccount},
		{post, "/accounts/new", models.ActAdminister, a.addAccount},
		{get, "/accounts/import", models.ActAdminister, a.importForm},
		{post, "/accounts/import", models.ActAdminister, a.uploadImport},
		{get, "/accounts/import/template.csv", models.ActAdminister, a.importTemplate},
		{get, "/accounts/import/:import", models.ActAdminister, a.importLines},
		{post, "/accounts/import/:import", models.ActAdminister, a.confirmImport},
		{get, "/accounts/import/:import/left.csv", models.ActAdminister, a.importLeft},
		{get, "/accounts/:account", models.ActLook, a.account},
		{get, "/accounts/:account/edit", models.ActAdminister, a.editForm},
		{post, "/accounts/:account/edit", models.ActAdminister, a.editAccount},
		{get, "/accounts/:account/quote", models.ActOrder, a.quoteForm},
		{post, "/accounts/:account/quote", models.ActOrder, a.makeQuote},
		{get, "/accounts/:account/outside", models.ActRecord, a.outsideForm},
		{post, "/accounts/:account/outside", models.ActRecord, a.recordOutside},
		{post, "/accounts/:account/release", models.ActRelease, a.releaseAccount},
		{get, "/accounts/:account/limits", models.ActAdminister, a.limitsForm},
		{post, "/accounts/:account/limits", models.ActAdminister, a.setLimits},
		{get, "/accounts/:account/suspend", models.ActAdminister, a.suspendForm},
		{post, "/accounts/:account/suspend", models.ActAdminister, a.suspendAccount},
		{get, "/accounts/:account/reinstate", models.ActAdminister, a.reinstateForm},
		{post, "/accounts/:account/reinstate", models.ActAdminister, a.reinstateAccount},
		{get, "/accounts/:account/prices", models.ActAdminister, a.accountPrices},
		{post, "/accounts/:account/prices", models.ActAdminister, a.setAccountPrices},
		{get, "/resellers/:reseller/prices", models.ActAdminister, a.resellerPrices},
		{post, "/resellers/:reseller/prices", models.ActAdminister, a.setResellerPrices},
		{post, "/resellers/:reseller/discounts", models.ActDiscount, a.allowDiscounts},
		{get, "/people", models.ActPeople, a.people},
		{post, "/accounts/:account/view", models.ActView, a.startView},
		{get, "/accounts/:account/people", models.ActPeople, a.accountPeople},
		{post, "/accounts/:account/people", models.ActPeople, a.inviteToAccount},
		{get, "/resellers/:reseller/people", models.ActPeople, a.resellerPeople},
		{post, "/resellers/:reseller/people", models.ActPeople, a.inviteToReseller},
		{get, "/people/:person/remove", models.ActPeople, a.removeForm},
		{post, "/people/:person/remove", models.ActPeople, a.removePerson},
		{post, "/invitations/:invitation/resend", models.ActPeople, a.resendInvitation},
		{post, "/invitations/:invitation/revoke", models.ActPeople, a.revokeInvitation},
		{get, "/quotes/:quote", models.ActLook, a.check},
		{post, "/quotes/:quote/order", models.ActOrder, a.placeOrder},
		{get, "/orders", models.ActLook, a.orders},
		{get, "/orders.csv", models.ActLook, a.ordersCSV},
		{get, "/orders.xlsx", models.ActLook, a.ordersXLSX},
		{get, "/orders/:number", models.ActLook, a.order},
		{post, "/orders/:number/cancel", models.ActOrder, a.cancelOrder},
		{post, "/orders/:number/approve", models.ActApprove, a.approveOrder},
		{post, "/orders/:number/decline", models.ActApprove, a.declineOrder},
		{post, "/orders/:number/settle", models.ActSettle, a.settleOrder},
		{post, "/orders/:number/proposal", models.ActSettle, a.answerProposal},
		{post, "/orders/:number/notes", models.ActNote, a.addNote},
		{get, "/renewals", models.ActBatch, a.listBatches},
		{get, "/renewals/new", models.ActBatch, a.chooseBatch},
		{post, "/renewals/new", models.ActBatch, a.newBatch},
		{get, "/renewals/:batch", models.ActBatch, a.batch},
		{post, "/renewals/:batch/order", models.ActBatch, a.startBatch},
		{post, "/renewals/:batch/stop", models.ActBatch, a.stopBatch},
		{post, "/renewals/:batch/again", models.ActBatch, a.batchAgain},
		{get, "/review", models.ActReview, a.reviewQueue},
		{get, "/sandbox/bill", models.ActReview, a.sandboxBill},
		{get, "/resellers", models.ActResellers, a.resellers},
		{get, "/resellers/new", models.ActResellers, a.newReseller},
		{post, "/resellers/new", models.ActResellers, a.addReseller},
		{get, "/resellers/:reseller/edit", models.ActResellers, a.resellerForm},
		{post, "/resellers/:reseller/edit", models.ActResellers, a.editReseller},
		{get, "/search", models.ActSearch, a.search},
	}
}

// register makes the routes. Not in groups: echo's groups answer 404 where the
// method is wrong.
func (a *app) register(e *echo.Echo) {
	for _, r := range a.routes() {
		if r.action == anybody {
			e.Add(r.method, r.path, r.answer)
		} else {
			e.Add(r.method, r.path, r.answer, a.requireSignIn, allow(r.action))
		}
	}
}

// allow keeps out who may not. Staff see every account, so that they are told;
// nobody else learns that there is such a page. Whose rows somebody may do it to
// is the query's to say: what is another's is not found.
func allow(action models.Action) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			switch v := viewer(c); {
			case v.May(action):
				return next(c)
			case v.Staff():
				return models.ErrForbidden
			}
			return models.ErrNotFound
		}
	}
}

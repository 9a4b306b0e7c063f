package modeltest

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestNoScheduleLosesAnOrderOrChargesTwice: whatever users, workers, operators,
// the provider and the clock do, one after the other, nothing is lost and nothing
// is charged twice; and when everything works again every order is settled, as
// the provider's ledger says. Each step is whole in itself and nothing runs beside
// it, so a seed repeats its schedules to the letter, and a schedule that fails is
// cut down to the steps that it takes.
func TestNoScheduleLosesAnOrderOrChargesTwice(t *testing.T) {
	site := newSite(t)
	began, all := time.Now(), newTally()
	rapid.Check(t, func(r *rapid.T) {
		s := site.begin(r)
		s.r.Repeat(map[string]func(*rapid.T){
			"a user orders":                       s.userOrders,
			"another user orders":                 s.userOrders,
			"a user asks for a quote":             s.userQuotes,
			"a user presses the button":           s.userPresses,
			"a user looks back":                   s.userLooksBack,
			"a worker carries an order out":       s.workerCarriesOut,
			"another carries an order out":        s.workerCarriesOut,
			"a worker goes on":                    s.workerGoesOn,
			"another worker goes on":              s.workerGoesOn,
			"a worker is killed":                  s.workerDies,
			"the portal starts again":             s.portalRestarts,
			"a request is under way":              s.requestMoves,
			"the provider fails":                  s.providerFails,
			"the account changes at the provider": s.accountChanges,
			"time passes":                         s.timePasses,
			"the clock is set":                    s.clockIsSet,
			"an operator looks into the queue":    s.operatorLooks,
			"":                                    s.holds,
		})
		s.recovers()
		s.agrees()
		all.add(s)
	})
	all.say(time.Since(began))
}

// Package failpoint names the places where the crash tests end the program, so
// that what a crash leaves behind at each step is tried and not only thought.
//
// In the program that people run, Hit is an empty function. Built with the tag
// failpoints it ends its own process at the point that a test asked for, as a
// power cut would: nothing is flushed, no deferred call runs.
package failpoint

import "slices"

// Point is a place in the program. Only this file makes one, so that there is
// none that Points does not list.
type Point struct{ name string }

// String is the point's name: "place.before-commit".
func (p Point) String() string { return p.name }

// Step is a transaction of the store.
type Step struct {
	BeforeCommit Point // everything is written, nothing committed
	AfterCommit  Point // committed, and nobody was told
}

// Wire is one way of calling the provider.
type Wire struct {
	BeforeSend Point // signed; no connection yet
	Connected  Point // a connection stands; not one byte of the request has left
	Sent       Point // the request has left, nothing came back
	Answering  Point // status and header came, the body did not
	Answered   Point // the whole answer came
}

// The points, in the order in which an order meets them.
var (
	// Starting.
	MigrateStatement = point("migrate.statement") // before and after each statement and file of a migration
	StartMigrated    = point("start.migrated")    // the schema stands, the database belongs to no provider
	StartBound       = point("start.bound")       // it belongs to one
	StartKey         = point("start.audit-key")   // the key of the history is written, and not yet where it belongs
	StartPerson      = point("start.person")      // before each of the sandbox's demo accounts and people
	StartWorld       = point("start.world")       // before each step of the demo world's past
	StartPlace       = point("start.place")       // before each step of putting that in its place

	// Quoting and placing.
	Count             = wire("count")
	Quote             = step("quote")
	PlaceAsked        = point("place.asked")         // all is known, the store has not been asked
	PlaceWithoutEvent = point("place.without-event") // the order is written, its first event is not
	Place             = step("place")
	PlaceWoken        = point("place.woken") // the worker was woken, the browser has no answer

	// Carrying out.
	WorkRead         = point("work.read")          // the worker knows what to send
	MoveWithoutEvent = point("move.without-event") // an order moved, its event is not written
	ClaimMoved       = point("claim.moved")        // claimed, the attempt is not written
	Claim            = step("claim")
	Sell             = wire("sell")
	AnswerJudged     = point("answer.judged")  // the outcome is known to the worker only
	AnswerWritten    = point("answer.written") // the attempt has its answer, the order has not moved
	Answer           = step("answer")
	Late             = step("late")    // the answer of a worker that had lost its claim
	Advance          = step("advance") // a move without a call

	// People and operators.
	Cancel = step("cancel")
	Settle = step("settle")
	Record = step("record") // what happened outside
	// Suspend keeps an account from ordering, and cancels its unsent order.
	Suspend = step("suspend")
	Approve = step("approve") // an order that waited may be sent
	Decline = step("decline")
	// A batch of renewals: begun, confirmed, and what came of one of its accounts.
	Batch      = step("batch")
	BatchStart = step("batch-start")
	BatchItem  = step("batch-item")

	// Mails.
	Remind       = step("remind")
	MailClaim    = step("mail.claim")
	MailAccepted = point("mail.accepted") // the mail server has taken it, nobody has written that down
	MailSettle   = step("mail.settle")
	MailLose     = step("mail.lose") // whoever was sending it is gone

	// Checkpoint signs what happened, while the program runs and when it ends.
	Checkpoint = step("checkpoint")

	// Ending.
	StopAsked  = point("stop.asked")  // a signal came
	StopClosed = point("stop.closed") // nobody listens any more, the worker runs
	StopWorked = point("stop.worked") // the worker has ended, the database is open
)

var points []Point

// Points lists every point.
func Points() []Point { return slices.Clone(points) }

func point(name string) Point {
	p := Point{name}
	points = append(points, p)
	return p
}

func step(name string) Step {
	return Step{BeforeCommit: point(name + ".before-commit"), AfterCommit: point(name + ".after-commit")}
}

func wire(name string) Wire {
	return Wire{
		BeforeSend: point(name + ".before-send"), Connected: point(name + ".connected"), Sent: point(name + ".sent"),
		Answering: point(name + ".answering"), Answered: point(name + ".answered"),
	}
}

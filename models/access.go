package models

// Action is something that people do in the portal, as far as not everybody may.
type Action string

// The actions. Routes name the one that they are for, queries the one that they
// read or write for.
const (
	ActSelf Action = "self" // what concerns nobody else: home, help, one's password, signing out
	ActLook Action = "look" // at accounts, quotes and orders; take the order log along
	// ActOversee is looking at many accounts together: their list, what they come to.
	ActOversee Action = "oversee"
	ActOrder   Action = "order"   // quote, place, take back: spend an account's money, or ask for it back
	ActSearch  Action = "search"  // the box that finds anything by its id
	ActReview  Action = "review"  // look at what waits for a decision, and at its evidence
	ActNote    Action = "note"    // read and write what staff write about an order for each other
	ActSettle  Action = "settle"  // decide about an order in review
	ActRecord  Action = "record"  // write down what happened at the provider without the portal
	ActRelease Action = "release" // let a held account order again
	ActBatch   Action = "batch"   // renew many accounts at once
	ActApprove Action = "approve" // let an order go that waits for approval, or decline it
	// ActResellers is looking after the resellers themselves: their names, and whose
	// key signs for them.
	ActResellers Action = "resellers"
	// ActAdminister is looking after accounts: add, rename, note, suspend and
	// reinstate them, and set what they pay.
	ActAdminister Action = "administer"
	ActDiscount   Action = "discount" // let a reseller sell below the list price, or no longer
	// ActPeople is looking after people: see who signs in for an account or a
	// reseller, invite and remove them.
	ActPeople Action = "people"
	// ActView is to look at an account's pages as its customers see them.
	ActView Action = "view"
)

// Actions lists all of them.
func Actions() []Action {
	return []Action{
		ActSelf, ActLook, ActOversee, ActOrder, ActSearch, ActReview, ActNote, ActSettle, ActRecord, ActRelease, ActBatch, ActApprove,
		ActResellers, ActAdminister, ActDiscount, ActPeople, ActView,
	}
}

// Whose is whose accounts an action reaches, with everything that belongs to them.
type Whose string

// Whose accounts there are.
const (
	WhoseNone     Whose = ""         // nobody's: the action is not allowed
	WhoseAccount  Whose = "account"  // the user's own account
	WhoseReseller Whose = "reseller" // all accounts of the user's reseller
	WhoseAll      Whose = "all"      // everybody's
)

// access is the one table of who may do what, and to whose accounts. What is not
// in it is not allowed. A customer has no search: there is one account, whose
// orders the log lists and searches. Support is read-only: a note changes nothing
// that it is about.
var access = map[Action]map[Role]Whose{
	ActSelf:    {Customer: WhoseAccount, ResellerAdmin: WhoseReseller, Support: WhoseAll, Operator: WhoseAll},
	ActLook:    {Customer: WhoseAccount, ResellerAdmin: WhoseReseller, Support: WhoseAll, Operator: WhoseAll},
	ActOversee: {ResellerAdmin: WhoseReseller, Support: WhoseAll, Operator: WhoseAll},
	ActOrder:   {Customer: WhoseAccount, ResellerAdmin: WhoseReseller, Operator: WhoseAll},
	ActSearch:  {ResellerAdmin: WhoseReseller, Support: WhoseAll, Operator: WhoseAll},
	ActReview:  {Support: WhoseAll, Operator: WhoseAll},
	ActNote:    {Support: WhoseAll, Operator: WhoseAll},
	ActSettle:  {Operator: WhoseAll},
	ActRecord:  {Operator: WhoseAll},
	ActRelease: {Operator: WhoseAll},

	ActBatch:      {ResellerAdmin: WhoseReseller, Operator: WhoseAll},
	ActApprove:    {ResellerAdmin: WhoseReseller, Operator: WhoseAll},
	ActResellers:  {Operator: WhoseAll},
	ActAdminister: {ResellerAdmin: WhoseReseller, Operator: WhoseAll},
	ActDiscount:   {Operator: WhoseAll},
	ActPeople:     {ResellerAdmin: WhoseReseller, Operator: WhoseAll},
	ActView:       {ResellerAdmin: WhoseReseller, Support: WhoseAll, Operator: WhoseAll},
}

// Whose says whose accounts the role may do it to.
func (r Role) Whose(a Action) Whose { return access[a][r] }

// Whose says whose accounts the viewer may do it to. Who looks as a customer may
// what both may, to the one account.
func (v Viewer) Whose(a Action) Whose {
	own := v.User.Role.Whose(a)
	if v.As != nil && own != WhoseNone {
		return Customer.Whose(a)
	}
	return own
}

// May says whether the viewer may do it, to some account at least.
func (v Viewer) May(a Action) bool { return v.Whose(a) != WhoseNone }

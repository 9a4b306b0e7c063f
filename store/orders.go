package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"portal/failpoint"
	"portal/models"
)

// openStatuses are those that hold an account, unless the order was released.
var openStatuses = slices.DeleteFunc(models.Statuses(), func(s models.Status) bool { return !s.Open() })

// open chooses the orders that hold their account: those that models.Order.Open
// is true of.
func open(db *gorm.DB) *gorm.DB { return db.Where("status IN ? AND released_at IS NULL", openStatuses) }

// move is one step of an order's life, or, where to is the status that the order
// has, a note on it that leaves it there.
type move struct {
	order   models.Order // as it was read: its Status, Claim and ReleasedAt are what the database must still hold
	at      time.Time    // by the database's clock, see Store.at
	to      models.Status
	reason  models.Reason
	actor   string
	note    string
	attempt int
	begin   *models.Attempt // committed with the move, before its event
	set     map[string]any  // further columns of orders

	providerOrderID, instanceID string // of a proposal
}

// transition is the one function that changes an order. It moves the order
// only if status and claim are still those that were read, and writes the event
// in the same transaction; otherwise it changes nothing and says
// models.ErrConflict.
//
// Of two transactions that move the same order at the same time, the second
// waits here for the first, and then meets another status or claim. From here to
// its end a transaction has the order's row to itself, and with it the end of
// the order's chain of events.
func (s *Store) transition(tx *gorm.DB, m move) error {
	set := map[string]any{"claim": m.order.Claim} // a note changes nothing, but has the row to itself, too
	switch {
	case m.to != m.order.Status && m.order.Status.MayBecome(m.to):
		set = map[string]any{
			"status": m.to, "reason": m.reason, "updated_at": m.at,
			"lease_until": nil, "due_at": nil, // set below by the statuses that have them
		}
		if !m.to.Open() {
			set["settled_at"] = m.at
		}
	case m.to != m.order.Status || !m.to.MayNote(m.reason):
		return fmt.Errorf("order %s: %s can't become %s (%s)", m.order.Number, m.order.Status, m.to, m.reason)
	}
	for column, value := range m.set {
		set[column] = value
	}
	result := tx.Model(&models.Order{}).
		Where("id = ? AND status = ? AND claim = ? AND (released_at IS NULL) = ?",
			m.order.ID, m.order.Status, m.order.Claim, m.order.ReleasedAt == nil).
		UpdateColumns(set)
	if result.Error != nil {
		return result.Error
	}
	if result.RowsAffected != 1 {
		return models.ErrConflict
	}
	if m.begin != nil {
		failpoint.Hit(failpoint.ClaimMoved)
		if err := create(tx, m.begin); err != nil {
			return err
		}
	}
	failpoint.Hit(failpoint.MoveWithoutEvent)
	if m.to == models.Completed && m.order.Status != models.Completed {
		if err := s.project(tx, m.order.AccountID); err != nil {
			return err
		}
	}
	err := addEvent(tx, models.Event{
		OrderID: m.order.ID, At: m.at, From: m.order.Status, To: m.to,
		Reason: m.reason, Actor: m.actor, Note: m.note, Attempt: m.attempt,
		ProviderOrderID: m.providerOrderID, InstanceID: m.instanceID,
	})
	if err != nil {
		return err
	}
	return tellOfMove(tx, m)
}

// addEvent appends an event to the chain of an order that was placed before,
// when everything that the event stands for is written. That is read back from
// the rows, so that what is sealed is what an audit will read. The transaction
// has just moved or locked the order, so nobody else can append.
func addEvent(tx *gorm.DB, e models.Event) error {
	last, err := first[models.Event](tx.Where("order_id = ?", e.OrderID).Order("id DESC"))
	if err != nil {
		return err
	}
	order, err := first[models.Order](tx.Where("id = ?", e.OrderID))
	if err != nil {
		return err
	}
	var attempt *models.Attempt
	if e.Attempt > 0 {
		a, err := first[models.Attempt](tx.Where("order_id = ? AND number = ?", e.OrderID, e.Attempt))
		if err != nil {
			return err
		}
		attempt = &a
	}
	e.Digest, e.State = e.Facts(order, models.Quote{}, attempt), order.State()
	e.Hash = e.Chain(last.Hash)
	return create(tx, &e)
}

// Placing is the world at the moment of placing, to hold the quote against.
type Placing struct {
	InstanceCount     int    // read from the provider for this placing
	PriceBookHash     string // of the book in force
	CredentialProfile string // the portal's default: for accounts whose reseller has none of its own
}

// PlaceOrder turns a quote into an order, once: a quote that has led to an
// order gives that order again. Otherwise it checks that the quote still holds
// (models.QuoteChangedError), that the account is not suspended
// (models.AccountSuspendedError), has no open order (models.OpenOrderError), is not held (models.AccountHeldError), may have one
// of this kind (models.May) and has room for it in its monthly limit
// (models.LimitError), and commits the order. Nothing is sent here. One that needs
// approval waits for that (ApproveOrder); it counts against the limit already.
//
// Placings, completions and entries from outside of one account come one after
// the other: each locks the account before it reads its history. So two placings
// of one quote at the same moment give one order, and what was checked still
// holds when the order is committed. (The unique indexes would refuse a second
// order all the same, without saying which is the first.)
//
// A crash before the commit leaves nothing: the person sees the quote again. A
// crash after it leaves a placed order, which the worker finds by itself.
func (s *Store) PlaceOrder(ctx context.Context, by models.By, quoteID string, p Placing) (models.Order, error) {
	var order models.Order
	v := by.Viewer
	if !v.May(models.ActOrder) {
		return order, models.ErrForbidden
	}
	err := s.step(ctx, failpoint.Place, func(tx *gorm.DB) error {
		quote, err := first[models.Quote](visible(tx, v, models.ActOrder, "account_id").Where("id = ?", quoteID))
		if err != nil {
			return err
		}
		if err := s.lockAccount(tx, quote.AccountID); err != nil {
			return err
		}
		order, err = first[models.Order](tx.Where("quote_id = ?", quoteID))
		if !errors.Is(err, models.ErrNotFound) {
			return err // nil when there is one
		}
		account, err := first[models.Account](tx.Where("id = ?", quote.AccountID))
		if err != nil {
			return err
		}
		profile, err := profileOf(tx, account)
		if err != nil {
			return err
		}
		if err := account.May(v, quote.Kind); err != nil {
			return err
		}
		if open, err := openOrder(tx, quote.AccountID); err != nil {
			return err
		} else if open != nil {
			return &models.OpenOrderError{Number: open.Number}
		}
		now, changed, err := s.compare(tx, quote, p)
		if err != nil {
			return err
		}
		if resold, err := s.resoldOtherwise(tx, account, quote); err != nil {
			return err
		} else if resold {
			changed = append(changed, models.OwnPrice)
		}
		if len(changed) > 0 {
			return &models.QuoteChangedError{Reasons: changed}
		}
		used, err := spent(tx, account.ID, now)
		if err != nil {
			return err
		}
		if err := account.Within(quote.Kind, used, quote.PaysFen(), now); err != nil {
			return err
		}
		order = models.Order{
			Number: models.NewOrderNumber(now), QuoteID: quote.ID, ClientToken: models.NewClientToken(),
			AccountID: account.ID, OwnerID: account.OwnerID, UserID: v.User.ID,
			Kind: quote.Kind, Edition: quote.Edition, VersionCode: quote.VersionCode,
			Cycle: quote.Cycle, Duration: quote.Duration,
			AutoRenew: quote.AutoRenew, AutoRenewMonths: quote.AutoRenewMonths,
			InstanceCount: quote.InstanceCount, InstanceID: quote.InstanceID,
			TotalFen: quote.TotalFen, OwnTotalFen: quote.OwnTotalFen, Markup: quote.Markup,
			CredentialProfile: cmp.Or(profile, p.CredentialProfile), PlacedAt: now, UpdatedAt: now,
			Status: models.Placed, Reason: models.ReasonPlacedByUser, DueAt: &now,
		}
		if account.NeedsApproval(v, quote.Kind, quote.PaysFen()) {
			until := now.Add(models.ApprovalLimit)
			order.Status, order.Reason, order.DueAt = models.AwaitingApproval, models.ReasonNeedsApproval, &until
		}
		if err := create(tx, &order); err != nil {
			return err
		}
		failpoint.Hit(failpoint.PlaceWithoutEvent)
		placed := models.Event{OrderID: order.ID, At: now, To: order.Status, Reason: order.Reason, Actor: v.Actor()}
		placed.Digest, placed.State = placed.Facts(order, quote, nil), order.State()
		placed.Hash = placed.Chain("")
		if err := create(tx, &placed); err != nil {
			return err
		}
		err = addChange(tx, by, now, models.Change{AccountID: order.AccountID, OrderID: order.ID, What: models.OrderPlaced, After: order.Facts()})
		if err != nil || order.Status != models.AwaitingApproval {
			return err
		}
		return tell(tx, now, models.MailAsked, order, whoApproves)
	})
	if err != nil {
		return models.Order{}, err
	}
	return order, nil
}

// compare holds a quote against the world, and says what differs and the time by
// which it was looked at. It fails when the account is held or may have no order
// of this kind. The caller has locked the account.
func (s *Store) compare(tx *gorm.DB, quote models.Quote, p Placing) (time.Time, []models.QuoteChange, error) {
	hold, err := newestHold(tx, quote.AccountID)
	if err != nil {
		return time.Time{}, nil, err
	}
	if hold != nil && hold.Standing() {
		return time.Time{}, nil, &models.AccountHeldError{Since: hold.Since}
	}
	now, err := s.at(tx)
	if err != nil {
		return now, nil, err
	}
	known, err := history(tx, quote.AccountID, now)
	if err != nil {
		return now, nil, err
	}
	if err := models.May(quote.Kind, known.Subscription, now); err != nil {
		return now, nil, err
	}
	changed := changes(quote, p, known, now)
	// A quote from before a restore may have led to an order that nobody here
	// remembers.
	if hold != nil && !hold.Since.Before(quote.CreatedAt) {
		changed = append(changed, models.HeldSince)
	}
	return now, changed, nil
}

// changes lists what differs between a quote and the world.
func changes(q models.Quote, p Placing, known models.History, now time.Time) []models.QuoteChange {
	var changed []models.QuoteChange
	if !now.Before(q.ExpiresAt) {
		changed = append(changed, models.QuoteExpired)
	}
	// A refund is not priced by today's machines, and the provider isn't told of them.
	if q.Kind != models.Refund && q.InstanceCount != p.InstanceCount {
		changed = append(changed, models.CountChanged)
	}
	if q.PriceBookHash != p.PriceBookHash {
		changed = append(changed, models.PricesChanged)
	}
	if stale(q, known) {
		changed = append(changed, models.AccountChanged)
	}
	return changed
}

// CancelOrder takes an order back that is still placed or waits for approval:
// nothing is under way for it. Any other order is models.ErrConflict, also one that a worker claims
// at the same moment: transition lets one of the two through. What the account
// holds stays as it is, so the account needs no lock.
func (s *Store) CancelOrder(ctx context.Context, by models.By, number string) error {
	if !by.May(models.ActOrder) {
		return models.ErrForbidden
	}
	return s.step(ctx, failpoint.Cancel, func(tx *gorm.DB) error {
		order, err := first[models.Order](visible(tx, by.Viewer, models.ActOrder, "account_id").Where("number = ?", number))
		if err != nil {
			return err
		}
		if !order.Cancellable() {
			return models.ErrConflict
		}
		now, err := s.at(tx)
		if err != nil {
			return err
		}
		return s.decided(tx, by, move{
			order: order, at: now, to: models.Cancelled, reason: models.ReasonCancelled, actor: by.Actor(),
		}, models.OrderCancelled, nil)
	})
}

// completion is what becomes true of an order when the provider has done it. The
// caller has locked the account.
func completion(tx *gorm.DB, o models.Order, a models.Answer) (map[string]any, error) {
	set := map[string]any{"code": "", "message": ""}
	if a.ProviderOrderID != "" {
		set["provider_order_id"] = a.ProviderOrderID
	}
	if a.RequestID != "" {
		set["request_id"] = a.RequestID
	}
	if o.Kind == models.Buy {
		set["instance_id"] = a.InstanceID
	}
	at, err := begun(tx, o)
	if err != nil {
		return nil, err
	}
	switch o.Kind {
	case models.Buy:
		set["starts_at"], set["ends_at"] = at, models.AddMonths(at, o.Term().Months())
	case models.Renew, models.Upgrade:
		if o.Kind == models.Renew {
			// What the customer was shown when ordering, and what the history makes of
			// it: an end that passed since doesn't move what was bought behind it.
			at = o.PlacedAt
		}
		known, err := history(tx, o.AccountID, at)
		if err != nil {
			return nil, err
		}
		if known.Subscription == nil {
			return nil, fmt.Errorf("order %s: the account holds nothing to %s", o.Number, o.Kind)
		}
		end := known.Subscription.EndsAt
		if o.Kind == models.Renew {
			// A renewal starts at the end of what is held, also when that has passed
			// (provider document: RenewInstance).
			set["starts_at"], set["ends_at"] = end, models.AddMonths(end, o.Term().Months())
		} else {
			set["starts_at"], set["ends_at"] = at, end
		}
	case models.Refund:
		set["ends_at"] = at // the instance is released at once (provider document: RefundInstance)
	}
	return set, nil
}

// begun is models.Begun of an order's attempts, and models.ErrNotFound where
// none has reached the provider. Only a restored database can be wrong about that.
func begun(tx *gorm.DB, o models.Order) (time.Time, error) {
	attempts, err := attemptsOf(tx, o.ID)
	if err != nil {
		return time.Time{}, err
	}
	at, recorded := models.Begun(o, attempts)
	if !recorded && o.Reason != models.ReasonRestored {
		return at, models.ErrNotFound
	}
	return at, nil
}

// Order finds an order that the viewer may see.
func (s *Store) Order(ctx context.Context, v models.Viewer, number string) (models.Order, error) {
	o, err := first[models.Order](visible(s.read.WithContext(ctx), v, models.ActLook, "account_id").Where("number = ?", number))
	return o.For(v), err
}

// OrderByQuote finds the order that a quote has led to.
func (s *Store) OrderByQuote(ctx context.Context, v models.Viewer, quoteID string) (models.Order, error) {
	o, err := first[models.Order](visible(s.read.WithContext(ctx), v, models.ActLook, "account_id").Where("quote_id = ?", quoteID))
	return o.For(v), err
}

func openOrder(db *gorm.DB, accountID int64) (*models.Order, error) {
	order, err := first[models.Order](open(db).Where("account_id = ?", accountID))
	if errors.Is(err, models.ErrNotFound) {
		return nil, nil
	}
	return &order, err
}

// Events lists an order's events, oldest first.
func (s *Store) Events(ctx context.Context, orderID int64) ([]models.Event, error) {
	events, err := eventsOf(s.read.WithContext(ctx), orderID)
	return events[orderID], err
}

// Attempts lists an order's attempts, oldest first.
func (s *Store) Attempts(ctx context.Context, orderID int64) ([]models.Attempt, error) {
	return attemptsOf(s.read.WithContext(ctx), orderID)
}

func attemptsOf(db *gorm.DB, orderID int64) ([]models.Attempt, error) {
	var attempts []models.Attempt
	return attempts, db.Where("order_id = ?", orderID).Order("number").Find(&attempts).Error
}

// eventsOf are the events of orders, by order, each one's oldest first.
func eventsOf(db *gorm.DB, orderIDs ...int64) (map[int64][]models.Event, error) {
	var all []models.Event
	if err := db.Where("order_id IN ?", orderIDs).Order("id").Find(&all).Error; err != nil {
		return nil, err
	}
	events := make(map[int64][]models.Event, len(orderIDs))
	for _, e := range all {
		events[e.OrderID] = append(events[e.OrderID], e)
	}
	return events, nil
}

package modeltest

import (
	"errors"
	"slices"

	"pgregory.net/rapid"

	"portal/models"
	"portal/provider"
	"portal/store"
)

// tab is one of a user's: a quote, and where pressing its button led.
type tab struct {
	quote models.Quote
	held  store.Holding // what it was priced by
	count *models.Count // read for placing, and not placed yet
}

// led is where somebody was led to from a quote: a promise.
type led struct {
	number string
	tab    *tab
}

// userOrders quotes and presses the button, with nothing in between.
func (s *schedule) userOrders(r *rapid.T) {
	i, t := s.userAsks(r)
	if t != nil && (t.quote.Kind == models.Refund || s.counts(i, t)) {
		s.presses(i, t)
	}
}

// userQuotes leaves it at the quote, and may go on in another tab.
func (s *schedule) userQuotes(r *rapid.T) { s.userAsks(r) }

// buys a first subscription, which is carried out at once.
func (s *schedule) buys(r *rapid.T, i int) {
	s.asks(r, wish{i, models.Buy}, s.held(i))
	s.counts(i, s.tabs[i][0])
	s.presses(i, s.tabs[i][0])
	s.take(s.workers[0], s.due()[0])
	s.carryOut(s.workers[0])
}

// wish is a kind of order that an account may have now.
type wish struct {
	account int
	kind    models.Kind
}

// userAsks for a quote; nil when there is none to be had.
func (s *schedule) userAsks(r *rapid.T) (account int, t *tab) {
	now := s.clock.now()
	var ids []int64
	for _, a := range s.accounts {
		ids = append(ids, a.ID)
	}
	held, err := s.db.Holdings(s.ctx, ids...)
	s.must(err)
	var wishes []wish
	for i, id := range ids {
		for _, kind := range models.Kinds() {
			if held[id].May(kind, now) == nil {
				wishes = append(wishes, wish{i, kind})
			}
		}
	}
	if len(wishes) == 0 {
		r.Skip("every account has an order under way")
	}
	w := one(r, "wish", wishes)
	return w.account, s.asks(r, w, held[ids[w.account]])
}

func (s *schedule) asks(r *rapid.T, w wish, held store.Holding) *tab {
	now, t := s.clock.now(), &tab{held: held}
	var machines models.Count
	if w.kind != models.Refund {
		s.gate.Store(int64(-s.clock.off()))
		var err error
		if machines, err = s.seller.Count(s.ctx, "", s.accounts[w.account].OwnerID); err != nil {
			return nil
		}
	}
	q, err := s.offer(r, w.account, w.kind, t.held, machines, now)
	if err != nil {
		return nil
	}
	t.quote, err = s.db.AddQuote(s.ctx, s.customers[w.account], q)
	s.must(err)
	s.tabs[w.account] = append(s.tabs[w.account], t)
	if tabs := s.tabs[w.account]; len(tabs) > 3 {
		i := rapid.IntRange(0, 2).Draw(r, "closed tab")
		s.tabs[w.account] = slices.Delete(tabs, i, i+1)
	}
	return t
}

func (s *schedule) held(i int) store.Holding {
	held, err := s.db.Holdings(s.ctx, s.accounts[i].ID)
	s.must(err)
	return held[s.accounts[i].ID]
}

// counts reads the machines for placing. Nothing is placed when that fails, or by
// a clock that is known to be off.
func (s *schedule) counts(i int, t *tab) bool {
	s.gate.Store(int64(-s.clock.off()))
	count, err := s.seller.Count(s.ctx, "", s.accounts[i].OwnerID)
	if err != nil || s.clock.off().Abs() > models.MaxSkew {
		return false
	}
	t.count = &count
	return true
}

// userPresses the button of any tab, and may be kept waiting between the count
// and the placing. A quote that has led somewhere leads there again.
func (s *schedule) userPresses(r *rapid.T) {
	var all []*tab
	for _, tabs := range s.tabs {
		all = append(all, tabs...)
	}
	if len(all) == 0 {
		r.Skip("nobody has a quote")
	}
	t := one(r, "tab", all)
	i := s.account(t.quote.AccountID)
	switch {
	case t.quote.Kind == models.Refund && s.clock.off().Abs() > models.MaxSkew && s.led[t.quote.ID].number == "":
		return
	case t.quote.Kind != models.Refund && t.count == nil:
		if !s.counts(i, t) || rapid.IntRange(0, 2).Draw(r, "waits") == 2 {
			return
		}
	}
	s.presses(i, t)
}

func (s *schedule) presses(i int, t *tab) {
	p := store.Placing{PriceBookHash: s.book.Hash(), CredentialProfile: provider.DefaultProfile}
	if t.count != nil {
		p.InstanceCount = t.count.Machines
	}
	t.count = nil
	o, err := s.db.PlaceOrder(s.ctx, models.By{Viewer: s.customers[i]}, t.quote.ID, p)
	before, pressed := s.led[t.quote.ID]
	switch {
	case err == nil && (!pressed || before.number == o.Number):
		s.led[t.quote.ID] = led{o.Number, t}
	case err == nil:
		s.r.Fatalf("a quote led to %s, and now to %s", before.number, o.Number)
	case pressed:
		s.r.Fatalf("a quote led to %s, and now: %v", before.number, err)
	case errors.As(err, new(*models.QuoteChangedError)), errors.As(err, new(*models.OpenOrderError)),
		errors.Is(err, models.ErrSubscribed), errors.Is(err, models.ErrNotSubscribed), errors.Is(err, models.ErrExpired):
	default:
		s.r.Fatal(err)
	}
}

// userLooksBack at an order: reloads its page, goes back from it to the quote, and
// may take it back, or try to.
func (s *schedule) userLooksBack(r *rapid.T) {
	orders := s.orders()
	if len(orders) == 0 {
		r.Skip("nothing was ordered")
	}
	o := one(r, "order", orders)
	s.keeps(o.QuoteID, s.led[o.QuoteID])
	if rapid.IntRange(0, 2).Draw(r, "takes it back") != 2 {
		return
	}
	err := s.db.CancelOrder(s.ctx, models.By{Viewer: s.customers[s.account(o.AccountID)]}, o.Number)
	if (err == nil) != (o.Status == models.Placed) || err != nil && !errors.Is(err, models.ErrConflict) {
		r.Fatalf("cancelling an order that is %s: %v", o.Status, err)
	}
}

// account is the place of an account among the schedule's.
func (s *schedule) account(id int64) int {
	return slices.IndexFunc(s.accounts, func(a models.Account) bool { return a.ID == id })
}

// keeps holds the record to what somebody was promised.
func (s *schedule) keeps(quoteID string, l led) {
	customer := s.customers[s.account(l.tab.quote.AccountID)]
	o, err := s.db.Order(s.ctx, customer, l.number)
	if err != nil || o.QuoteID != quoteID {
		s.r.Fatalf("order %s was promised, and its page: %+v %v", l.number, o, err)
	}
	if back, err := s.db.OrderByQuote(s.ctx, customer, quoteID); err != nil || back.Number != l.number {
		s.r.Fatalf("order %s was promised, and its quote leads to %s: %v", l.number, back.Number, err)
	}
}

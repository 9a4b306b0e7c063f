package main

import (
	"context"
	"errors"
	"fmt"

	"portal/models"
	"portal/store"
)

type orderCommands struct {
	Review  orderReviewCommand  `cmd:"" help:"List the orders in review, whose outcome only a person can find out."`
	Settle  orderSettleCommand  `cmd:"" help:"End the review of an order. Where two have to agree, propose it."`
	Release orderReleaseCommand `cmd:"" help:"Let the account of an order in review order again, while the review goes on. Where two have to agree, propose it."`
	Confirm orderConfirmCommand `cmd:"" help:"Do what somebody else proposed for an order in review."`
	Decline orderDeclineCommand `cmd:"" help:"End a proposal that stands for an order in review; who made it withdraws it so."`
}

type orderReviewCommand struct{}

// Run lists the orders in review.
func (orderReviewCommand) Run(ctx context.Context, s *Settings) error {
	return s.withDatabase(ctx, func(db *store.Store) error {
		all, after := 0, int64(0)
		for {
			orders, err := db.InReview(ctx, staff, after, 500)
			if err != nil {
				return err
			}
			if len(orders) == 0 {
				break
			}
			for _, o := range orders {
				fmt.Printf("%s  %-7s  account %d  %s yuan  since %s  %s", o.Number, o.Kind, o.OwnerID, o.TotalFen.Yuan(),
					o.UpdatedAt.In(models.Beijing).Format("2006-01-02 15:04"), o.Reason)
				if o.ReleasedAt != nil {
					fmt.Print("  (its account may order again)")
				}
				fmt.Println()
				if o.Proposal != nil {
					fmt.Printf("  proposed %s\n", proposalWords(*o.Proposal))
				}
			}
			all, after = all+len(orders), orders[len(orders)-1].ID
		}
		if all == 0 {
			fmt.Println("No order is in review.")
			return nil
		}
		fmt.Printf("%s in review. Times are Beijing time. What each needs is on its page.\n", count(int64(all), "order"))
		return nil
	})
}

// proposalWords tells a proposal in one line.
func proposalWords(p models.Event) string {
	said := fmt.Sprintf("%s, by %s: %q", p.Reason.Proposes(), p.Actor, p.Note)
	if p.ProviderOrderID != "" {
		said += ", OrderId " + p.ProviderOrderID
	}
	if p.InstanceID != "" {
		said += ", InstanceId " + p.InstanceID
	}
	return said
}

type orderSettleCommand struct {
	Number     string `arg:"" help:"The order's number."`
	As         string `required:"" enum:"completed,rejected,recorded" help:"What the provider did: completed, rejected (nothing was charged), or recorded: completed, but of a released order that the account's history tells in another way by now."`
	Reason     string `required:"" help:"What was seen at the provider, and by whom. It is kept with the order."`
	OrderID    string `name:"order-id" help:"The provider's OrderId, when completed."`
	InstanceID string `name:"instance-id" help:"The provider's InstanceId, when a purchase is completed."`
}

// Run settles an order, or proposes to.
func (cmd *orderSettleCommand) Run(ctx context.Context, s *Settings) error {
	return s.decide(ctx, cmd.Number, store.Settlement{
		As: models.Verdict(cmd.As), Note: cmd.Reason, ProviderOrderID: cmd.OrderID, InstanceID: cmd.InstanceID,
	})
}

type orderReleaseCommand struct {
	Number string `arg:"" help:"The order's number."`
	Reason string `required:"" help:"Why its account should not wait. It is kept with the order."`
}

// Run releases an order's account, or proposes to.
func (cmd *orderReleaseCommand) Run(ctx context.Context, s *Settings) error {
	return s.decide(ctx, cmd.Number, store.Settlement{As: models.VerdictReleased, Note: cmd.Reason})
}

func (s Settings) decide(ctx context.Context, number string, d store.Settlement) error {
	d.By = byCommand()
	return s.withDatabase(ctx, func(db *store.Store) error {
		proposed, err := db.SettleOrder(ctx, number, d)
		if err != nil {
			return undecided(number, err)
		}
		if proposed {
			fmt.Printf("It is proposed for order %s. Somebody else has to confirm it: on the order's page, or with portal order confirm %s --as %s\n", number, number, d.As)
			return nil
		}
		return tellDecided(ctx, db, number, d.As)
	})
}

// tellDecided says what became of an order.
func tellDecided(ctx context.Context, db *store.Store, number string, as models.Verdict) error {
	if as == models.VerdictReleased {
		fmt.Printf("The account of order %s may order again. The order stays in review.\n", number)
		return nil
	}
	fmt.Printf("Order %s is settled as %s.\n", number, as)
	return tellDates(ctx, db, number)
}

// tellDates says of a completed order what its dates rest on when no attempt
// does.
func tellDates(ctx context.Context, db *store.Store, number string) error {
	o, err := db.Order(ctx, staff, number)
	if err != nil || o.Status != models.Completed {
		return err
	}
	attempts, err := db.Attempts(ctx, o.ID)
	if err != nil {
		return err
	}
	if at, recorded := models.Begun(o, attempts); !recorded {
		fmt.Printf("No attempt that may have reached the provider is on record, so its dates count from when it was placed, the earliest possible: %s.\n", moment(at))
	}
	return nil
}

type orderConfirmCommand struct {
	Number string `arg:"" help:"The order's number."`
	As     string `required:"" enum:"completed,rejected,recorded,released" help:"What is confirmed: it has to be what was proposed."`
	Reason string `help:"In your own words. It is kept with the order."`
}

// Run confirms what somebody else proposed.
func (cmd *orderConfirmCommand) Run(ctx context.Context, s *Settings) error {
	return s.withDatabase(ctx, func(db *store.Store) error {
		p, err := standingProposal(ctx, db, cmd.Number)
		if err != nil {
			return err
		}
		if as := p.Reason.Proposes(); string(as) != cmd.As {
			return fmt.Errorf("what stands proposed for order %s is %s", cmd.Number, proposalWords(*p))
		}
		err = db.ConfirmProposal(ctx, cmd.Number, store.Confirmation{Proposal: p.ID, By: byCommand(), Note: cmd.Reason})
		if err != nil {
			return undecided(cmd.Number, err)
		}
		return tellDecided(ctx, db, cmd.Number, p.Reason.Proposes())
	})
}

type orderDeclineCommand struct {
	Number string `arg:"" help:"The order's number."`
	Reason string `required:"" help:"Why it should not stand. It is kept with the order."`
}

// Run ends a proposal.
func (cmd *orderDeclineCommand) Run(ctx context.Context, s *Settings) error {
	return s.withDatabase(ctx, func(db *store.Store) error {
		p, err := standingProposal(ctx, db, cmd.Number)
		if err != nil {
			return err
		}
		err = db.DeclineProposal(ctx, cmd.Number, store.Confirmation{Proposal: p.ID, By: byCommand(), Note: cmd.Reason})
		if err != nil {
			return undecided(cmd.Number, err)
		}
		fmt.Printf("The proposal for order %s does not stand any more. The order stays in review.\n", cmd.Number)
		return nil
	})
}

func standingProposal(ctx context.Context, db *store.Store, number string) (*models.Event, error) {
	e, err := db.Evidence(ctx, staff, number)
	if err != nil {
		return nil, undecided(number, err)
	}
	p := models.Proposal(e.Events)
	if p == nil {
		return nil, fmt.Errorf("nothing stands proposed for order %s", number)
	}
	return p, nil
}

// undecided says why a decision about an order came to nothing.
func undecided(number string, err error) error {
	var open *models.OpenOrderError
	switch {
	case errors.Is(err, models.ErrNotFound):
		return fmt.Errorf("there is no order %s in this database", number)
	case errors.Is(err, models.ErrConflict):
		return fmt.Errorf("order %s is not in review, or its account is released already: only orders in review are settled by hand", number)
	case errors.Is(err, models.ErrProposed):
		return fmt.Errorf("for order %s something stands proposed already: portal order review shows it; confirm or decline it first", number)
	case errors.Is(err, models.ErrOwnProposal):
		return fmt.Errorf("you proposed that for order %s yourself: somebody else has to confirm it", number)
	case errors.Is(err, models.ErrMovedOn):
		return fmt.Errorf("since order %s was released something else has happened to its account, so it can't be settled as completed any more: if it was carried out, record on the account's page what was seen, then settle it as recorded", number)
	case errors.Is(err, models.ErrNotMovedOn):
		return fmt.Errorf("order %s can't be settled as recorded: that is for a released order when something else has happened to its account since; if it was carried out, settle it as completed", number)
	case errors.As(err, &open):
		return fmt.Errorf("order %s of the same account is under way: until it is finished, order %s can't be settled as carried out", open.Number, number)
	}
	return err
}

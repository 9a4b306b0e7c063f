package pricing

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"portal/models"
)

// FewerMachinesError is an upgrade to fewer machines than are covered: an upgrade
// only goes up (provider document: UpgradeInstance).
type FewerMachinesError struct {
	Covered int // the most that any period with time left covers
	Owned   int
}

func (e *FewerMachinesError) Error() string {
	return fmt.Sprintf("%d machines are fewer than the %d that are covered", e.Owned, e.Covered)
}

// NotHigherError is an upgrade that would lift nothing, or lower the edition.
type NotHigherError struct{}

func (e *NotHigherError) Error() string {
	return "neither the edition nor the number of machines rises"
}

// Upgrade prices lifting everything that is left to an edition and a number of
// machines: the running period from now on, a begun day as a whole one, and each
// that has not begun. Each keeps the discount that it was bought with. Both the
// new and the old are charged at this book's prices; an old edition that is no
// longer on sale at its own, but no higher than the new one's, so that the fee is
// never negative.
//
// Lines name their period. ListFen is the fee before the discounts.
//
// It fails with models.ErrExpired when nothing is left, *EditionNotSoldError,
// *MachinesError, *FewerMachinesError or *NotHigherError.
func (b *Book) Upgrade(s models.Subscription, to models.Edition, machines int, now time.Time) (Price, error) {
	left := slices.DeleteFunc(slices.Clone(s.Periods), func(p models.Period) bool { return !now.Before(p.End) })
	if len(left) == 0 {
		return Price{}, models.ErrExpired
	}
	target, ok := b.edition(to)
	if !ok {
		return Price{}, &EditionNotSoldError{Edition: to}
	}
	if machines < 1 || machines > MaxMachines {
		return Price{}, &MachinesError{Machines: machines}
	}
	if err := goesUp(left, to, machines, now); err != nil {
		return Price{}, err
	}
	var price Price
	for _, p := range left {
		if err := b.lift(&price, p, target, machines, now); err != nil {
			return Price{}, err
		}
	}
	return price, nil
}

// Upgrades are the editions that Upgrade gives a price for, the lowest first.
func (b *Book) Upgrades(s models.Subscription, machines int, now time.Time) []models.Edition {
	return slices.DeleteFunc(b.Editions(), func(to models.Edition) bool {
		_, err := b.Upgrade(s, to, machines, now)
		return err != nil
	})
}

// goesUp says why this would be no upgrade of these periods.
func goesUp(left []models.Period, to models.Edition, machines int, now time.Time) error {
	covered, rises, falls := 0, false, false
	for _, p := range left {
		in := p.At(now)
		covered = max(covered, in.InstanceCount)
		by := rank(to) - rank(in.Edition)
		rises = rises || by > 0 || machines > in.InstanceCount
		falls = falls || by < 0
	}
	if machines < covered {
		return &FewerMachinesError{Covered: covered, Owned: machines}
	}
	if !rises || falls {
		return &NotHigherError{}
	}
	return nil
}

func rank(e models.Edition) int { return slices.Index(models.Editions(), e) }

// lift adds the lines of one period. The discount is taken of the difference that
// the two lines before it show, and so is never more than that.
func (b *Book) lift(price *Price, p models.Period, to edition, machines int, now time.Time) error {
	old := p.At(now)
	unit, err := b.liftedFrom(old, to)
	if err != nil {
		return err
	}
	discount, err := b.boughtWith(p)
	if err != nil {
		return err
	}
	var lines []models.Line
	var list, floor models.Fen
	line := func(kind models.LineKind, sign models.Fen, name models.Edition, count int, unit models.Fen, l length) {
		fen := sign * rounded(listPrice(unit, count, l))
		lines = append(lines, models.Line{
			Kind: kind, Edition: name, Machines: count, Months: l.months, Days: l.days, DaysOf: l.of, UnitFen: unit,
			Starts: p.Start, Ends: p.End, Presumed: p.Presumed, Amount: fen,
		})
		list += fen
	}
	listed, err := b.listedFor(old, to)
	if err != nil {
		return err
	}
	for _, l := range cut(p, now).until(whole(p)) {
		line(models.LineNew, 1, to.name, machines, to.unit, l)
		line(models.LineOld, -1, old.Edition, old.InstanceCount, unit, l)
		floor += rounded(listPrice(listed.to, machines, l)) - rounded(listPrice(listed.from, old.InstanceCount, l))
	}
	// Rounding each line may come to a fen or two less than the list prices do.
	if short := floor - list; b.markup > 0 && short > 0 && len(lines) > 0 {
		lines[0].Amount += short
		list += short
	}
	price.ListFen += list
	if discount > 0 {
		off := rounded(part(new(big.Rat).SetInt64(int64(list)), discount))
		lines = append(lines, models.Line{
			Kind: models.LineDiscount, Percent: percent(discount),
			Starts: p.Start, Ends: p.End, Presumed: p.Presumed, Amount: -off,
		})
		price.SavingFen += off
	}
	price.Lines = append(price.Lines, lines...)
	price.TotalFen = price.ListFen - price.SavingFen
	return nil
}

// liftedFrom is the unit price that what is in force is taken off at.
func (b *Book) liftedFrom(old models.Span, to edition) (models.Fen, error) {
	if e, ok := b.edition(old.Edition); ok {
		return e.unit, nil
	}
	if old.UnitFen == 0 {
		return 0, &EditionNotSoldError{Edition: old.Edition}
	}
	return min(Own(old.UnitFen, b.markup), to.unit), nil
}

// listedPair are the list prices of an upgrade's two unit prices.
type listedPair struct{ from, to models.Fen }

func (b *Book) listedFor(old models.Span, to edition) (listedPair, error) {
	if b.list == nil {
		unit, err := b.liftedFrom(old, to)
		return listedPair{unit, to.unit}, err
	}
	at, ok := b.list.edition(to.name)
	if !ok {
		return listedPair{}, &EditionNotSoldError{Edition: to.name}
	}
	unit, err := b.list.liftedFrom(old, at)
	return listedPair{unit, at.unit}, err
}

package pricing

import (
	"github.com/shopspring/decimal"

	"portal/models"
)

// Price is what an order costs or, for a refund, brings back, line by line. The
// lines add up to TotalFen.
type Price struct {
	Lines     []models.Line
	ListFen   models.Fen // before the discounts; for a refund everything that was paid
	TotalFen  models.Fen // a purchase's or renewal's is at least 1 fen, no other is negative
	SavingFen models.Fen // ListFen − TotalFen; 0 without a discount, and for a refund
}

// Buy prices a first purchase: machines × unit price × months, less the term's
// discount (provider document: prices by the number of machines). It fails as
// Sells does.
func (b *Book) Buy(name models.Edition, t models.Term, machines int) (Price, error) {
	if err := b.Sells(name, t, machines); err != nil {
		return Price{}, err
	}
	e, _ := b.edition(name)
	sold, _ := b.term(t)

	// The unit price is whole fen, so that this line needs no rounding.
	list := models.Fen(machines) * e.unit * models.Fen(t.Months())
	p := Price{
		Lines: []models.Line{{
			Kind: models.LineEdition, Edition: name,
			Machines: machines, Months: t.Months(), UnitFen: e.unit, Amount: list,
		}},
		ListFen: list, TotalFen: list,
	}
	if sold.discount > 0 {
		// Of a book's own prices a discount leaves more; of a discounted price of a
		// few fen it might not.
		off := min(share(list, sold.discount), list-1)
		p.Lines = append(p.Lines, models.Line{
			Kind: models.LineDiscount, Percent: percent(sold.discount), Amount: -off,
		})
		p.TotalFen, p.SavingFen = list-off, off
	}
	return p, nil
}

// Renew prices one more term after the last: as a purchase of it, with the same
// errors (provider document: RenewInstance takes a term and a number of machines).
func (b *Book) Renew(name models.Edition, t models.Term, machines int) (Price, error) {
	return b.Buy(name, t, machines)
}

// AutoRenewal is what an automatic renewal for so many months costs by the book,
// and false when it sells no such term. Minimum terms don't limit it.
func (b *Book) AutoRenewal(name models.Edition, machines, months int) (models.Fen, bool) {
	e, ok := b.edition(name)
	if !ok || machines < 1 || machines > MaxMachines || !b.sellsMonths(months) {
		return 0, false
	}
	return charged(e.unit, machines, months, b.discountOf(months)), true
}

// charged is a term's price: the list price less a discount in hundredths of a
// percent.
func charged(unit models.Fen, machines, months int, discount int64) models.Fen {
	list := models.Fen(machines) * unit * models.Fen(months)
	return list - share(list, discount)
}

// share is so many hundredths of a percent of a sum that is not negative,
// rounded half up to the fen. A decimal carries it, because sum × hundredths can
// be more than an int64 holds.
func share(sum models.Fen, hundredths int64) models.Fen {
	exact := decimal.NewFromInt(int64(sum)).Mul(decimal.New(hundredths, -4))
	return models.Fen(exact.Round(0).IntPart()) // Round takes a half away from zero
}

// percent writes hundredths of a percent as people do: 1500 is "15", 1250 is
// "12.5".
func percent(hundredths int64) string { return decimal.New(hundredths, -2).String() }

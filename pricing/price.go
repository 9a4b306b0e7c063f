package pricing

import (
	"github.com/shopspring/decimal"

	"portal/models"
)

// Price is what buying costs, line by line. The lines add up to TotalFen.
type Price struct {
	Lines     []models.Line
	ListFen   models.Fen // machines × unit price × months
	TotalFen  models.Fen // the list price less the discount; at least 1 fen
	SavingFen models.Fen // ListFen − TotalFen; 0 without a discount
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
		off := share(list, sold.discount)
		p.Lines = append(p.Lines, models.Line{
			Kind: models.LineDiscount, Percent: percent(sold.discount), Amount: -off,
		})
		p.TotalFen, p.SavingFen = list-off, off
	}
	return p, nil
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

package pricing

import "portal/models"

// Own is what a reseller sells at for a price from the provider's list: the list
// price with a markup, rounded half up to the fen. What costs something never
// becomes free.
//
// The list price is not negative and at most 2⁶⁰ fen; the markup is within its
// bounds (models.LeastMarkup). Then nothing overflows: the sum is taken apart, so
// that no product is more than 2⁶³.
func Own(list models.Fen, m models.Markup) models.Fen {
	if m == 0 || list == 0 {
		return list
	}
	const whole = full // hundredths of a percent in everything
	factor := models.Fen(whole + m)
	own := list/whole*factor + (list%whole*factor+whole/2)/whole
	return max(own, 1)
}

// At is the book of a reseller that sells at a markup: each unit price is Own of
// the list's, and everything else is computed from it as from a list price. So
// machines × unit price × months, less the term's discount, is exact to the fen on
// the pages of who only ever sees this price, and lines add up as they do at list.
//
// With a markup that is not negative nothing costs less than at list: a purchase
// or a renewal because its unit price doesn't, an upgrade because what is taken
// off it has the same markup as what it is taken off from (Upgrade).
//
// An upgrade's book has the markup of the edition that is upgraded to: taking off
// the old edition at another one could leave less than the list price, or less
// than nothing.
func (b *Book) At(m models.Markup) *Book {
	if m == 0 {
		return b
	}
	own := *b
	own.list, own.markup = b, m
	own.editions = make([]edition, len(b.editions))
	for i, e := range b.editions {
		e.unit = Own(e.unit, m)
		own.editions[i] = e
	}
	return &own
}

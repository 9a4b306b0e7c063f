package pricing

import "strconv"

// The limits on what a book may say. They are wide; with MaxMachines they keep
// every sum below 10⁶ × 10⁸ fen × 1440 months < 2⁵⁷ fen.
const (
	maxUnit         = 100_000_000 // fen for one machine and month: a million yuan
	maxMonths       = 12 * 120    // models.ParseTerm's longest, year-120
	maxQuoteMinutes = 24 * 60
	maxBuyAgainDays = 365
	maxRefundDays   = 31
)

// full is a whole in hundredths of a percent.
const full = 100_00

// validate judges the rules between keys.
func (b *Book) validate(p *problems) {
	if len(b.editions) == 0 {
		p.add("editions", "no edition is sold; write a table [editions.pro] or [editions.enterprise]")
	}
	if len(b.terms) == 0 {
		p.add("terms", `no term is sold; write lines such as year-1 = "15"`)
	}
	b.validateEditions(p)
	b.validateTerms(p)
	b.validateMinimums(p)
	b.validateAutoRenew(p)
}

// validateEditions holds that a higher edition costs more for each machine and
// month, because an upgrade only goes up (provider document: UpgradeInstance).
// The discount is the term's and not the edition's, so that no total of the
// higher edition is below the lower one's: see validateTerms.
func (b *Book) validateEditions(p *problems) {
	for i := 1; i < len(b.editions); i++ {
		low, high := b.editions[i-1], b.editions[i]
		if high.unit <= low.unit {
			p.add("editions."+string(high.name)+".yuan_per_machine_month",
				"%s yuan is not more than the %s of %s; an upgrade has to go up: raise it or lower the other",
				high.unit.Yuan(), low.unit.Yuan(), low.name)
		}
		if high.versionCode == low.versionCode {
			p.add("editions."+string(high.name)+".version_code",
				"%s has the same, %q; write what the provider calls each", low.name, low.versionCode)
		}
	}
}

// validateTerms holds that a longer term costs more in all, to the fen that is
// charged, for every edition and every number of machines, and that the
// shortest costs at least 1 fen.
//
// Let x = machines × unit × months × (1 − discount) be a total before rounding.
// The list price is whole fen and the discount is rounded half up, so the total
// charged is R(x) = ⌈x − ½⌉. R never falls, and R(x+1) = R(x) + 1. Hence, if x
// is at least 1 greater for the longer term, its total is at least 1 fen
// greater. The difference of two x grows with machines, so that it is enough to
// look at one machine. A term of no months, with x = 0, stands before the first.
//
// The same R shows that more machines, or a higher unit price, never cost less.
func (b *Book) validateTerms(p *problems) {
	for i, t := range b.terms {
		var before term
		if i > 0 {
			before = b.terms[i-1]
			if before.Months() == t.Months() {
				p.add("terms."+t.String(), "as long as %s; keep one of them", before)
				continue
			}
		}
		for _, e := range b.editions {
			if net(e, t)-net(e, before) >= full {
				continue
			}
			if i == 0 {
				p.add("terms."+t.String(),
					"one machine of %s would cost less than 0.01 yuan; lower the discount or raise the price", e.name)
			} else {
				p.add("terms."+t.String(),
					"does not cost at least 0.01 yuan more than %s for one machine of %s; a longer term has to cost more in all: lower its discount",
					before, e.name)
			}
			break // one edition is enough to correct the term by
		}
	}
}

// net is what one machine costs before rounding, in 1/10,000 fen.
func net(e edition, t term) int64 { return int64(e.unit) * int64(t.Months()) * (full - t.discount) }

// validateMinimums holds that each number of machines has exactly one tier, and
// that each tier leaves a term to sell.
func (b *Book) validateMinimums(p *problems) {
	if len(b.minimums) == 0 || len(b.terms) == 0 {
		return
	}
	longest := b.terms[len(b.terms)-1]
	for i, m := range b.minimums {
		if i > 0 && m.machines == b.minimums[i-1].machines {
			p.add("minimum_terms", "two tiers %s; keep one of them", upTo(m))
		}
		if m.months > longest.Months() {
			p.add("minimum_terms", "the tier %s asks for %d months, but the longest term sold is %s; lower months or sell a longer term",
				upTo(m), m.months, longest)
		}
	}
	if last := b.minimums[len(b.minimums)-1]; last.machines != MaxMachines {
		p.add("minimum_terms", "nothing is said of more than %d machines; add a tier without up_to_machines", last.machines)
	}
}

func upTo(m minimum) string {
	if m.machines == MaxMachines {
		return "for every greater number of machines"
	}
	return "up to " + strconv.Itoa(m.machines) + " machines"
}

// validateAutoRenew holds that each period is as long as a term on sale, so that
// the book knows what the provider will charge for it.
func (b *Book) validateAutoRenew(p *problems) {
	for i, months := range b.autoRenew {
		if i > 0 && months == b.autoRenew[i-1] {
			p.add("auto_renew_months", "%d is there twice; keep one", months)
			continue
		}
		if !b.sellsMonths(months) {
			p.add("auto_renew_months", "no term of %d months is sold; sell one or remove the %d", months, months)
		}
	}
}

func (b *Book) sellsMonths(months int) bool {
	for _, t := range b.terms {
		if t.Months() == months {
			return true
		}
	}
	return false
}

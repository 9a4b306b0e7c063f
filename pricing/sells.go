package pricing

import (
	"fmt"

	"portal/models"
)

// EditionNotSoldError is an edition that the book does not sell.
type EditionNotSoldError struct {
	Edition models.Edition
}

func (e *EditionNotSoldError) Error() string {
	return fmt.Sprintf("edition %q is not sold", string(e.Edition))
}

// TermNotSoldError is a term that the book sells to nobody.
type TermNotSoldError struct {
	Term models.Term
}

func (e *TermNotSoldError) Error() string { return "term " + e.Term.String() + " is not sold" }

// BelowMinimumError is a term that the book sells, but not to so few machines.
type BelowMinimumError struct {
	Term          models.Term
	Machines      int
	MinimumMonths int         // as the book says it
	Shortest      models.Term // the shortest term that is sold to Machines
}

func (e *BelowMinimumError) Error() string {
	return fmt.Sprintf("term %s is not sold for %d machines: the shortest is %s",
		e.Term, e.Machines, e.Shortest)
}

// MachinesError is a number of machines that can't be priced: below 1 or above
// MaxMachines. The provider counts 1 for an account without machines.
type MachinesError struct {
	Machines int
}

func (e *MachinesError) Error() string {
	return fmt.Sprintf("%d machines can't be priced: from 1 to %d can", e.Machines, MaxMachines)
}

// Terms are the terms sold to so many machines, from the shortest. There are
// none for a number that can't be priced, and always some for one that can.
func (b *Book) Terms(machines int) []models.Term {
	if machines < 1 || machines > MaxMachines {
		return nil
	}
	var terms []models.Term
	least := b.minimumMonths(machines)
	for _, t := range b.terms {
		if t.Months() >= least {
			terms = append(terms, t.Term)
		}
	}
	return terms
}

// Sells says why the book does not sell the edition for the term to so many
// machines: *EditionNotSoldError, *TermNotSoldError, *MachinesError or
// *BelowMinimumError. It returns nil when it does.
func (b *Book) Sells(name models.Edition, t models.Term, machines int) error {
	if _, ok := b.edition(name); !ok {
		return &EditionNotSoldError{Edition: name}
	}
	if _, ok := b.term(t); !ok {
		return &TermNotSoldError{Term: t}
	}
	if machines < 1 || machines > MaxMachines {
		return &MachinesError{Machines: machines}
	}
	if least := b.minimumMonths(machines); t.Months() < least {
		return &BelowMinimumError{
			Term: t, Machines: machines, MinimumMonths: least,
			Shortest: b.Terms(machines)[0], // validate: every tier leaves a term
		}
	}
	return nil
}

// minimumMonths is the length that a term for so many machines must have.
func (b *Book) minimumMonths(machines int) int {
	for _, m := range b.minimums {
		if machines <= m.machines {
			return m.months
		}
	}
	return 1
}

package demo

import (
	"slices"
	"time"

	"portal/models"
	"portal/provider/sandbox"
)

// Bill is what the console of a sandbox in this process would show, if it had one.
type Bill struct{ box *sandbox.Sandbox }

// NewBill is the sandbox's.
func NewBill(box *sandbox.Sandbox) *Bill { return &Bill{box} }

// Billed is every charge and refund of an owner, newest first.
func (b *Bill) Billed(owner int64) []models.Billed {
	var all []models.Billed
	for _, e := range b.box.Ledger() {
		if e.OwnerID != owner {
			continue
		}
		line := models.Billed{
			At: e.At, Action: e.Action, OrderID: e.OrderID, InstanceID: e.InstanceID, Fen: models.Fen(e.AmountFen),
			Edition: edition(e.VersionCode), Machines: e.BuyNumber,
		}
		if e.Kind == sandbox.Refund {
			line.Fen = -line.Fen
		}
		if e.Action == sandbox.ActionAutoRenew {
			line.Action = models.BilledByItself
		}
		all = append(all, line)
	}
	slices.Reverse(all)
	return all
}

// Provided is the instance that an owner has at a time and that is not released;
// nil for none.
func (b *Bill) Provided(owner int64, at time.Time) *models.Provided {
	for _, in := range slices.Backward(b.box.Instances()) {
		if in.OwnerID != owner || in.Released() {
			continue
		}
		p := models.Provided{
			InstanceID: in.InstanceID, StartsAt: in.Periods[0].Start, EndsAt: in.End(), PaidFen: models.Fen(in.PaidFen),
		}
		code, machines := in.Covered(at)
		p.Edition, p.Machines = edition(code), machines
		if in.AutoRenew {
			p.AutoRenewMonths = in.AutoRenewMonths
		}
		return &p
	}
	return nil
}

// edition is what the portal calls what the sandbox sells.
func edition(versionCode string) models.Edition {
	if versionCode == sandbox.VersionEnterprise {
		return models.Enterprise
	}
	return models.Pro
}

package views

import (
	"context"
)

// filtered says whether the list shows less than all.
func (p AccountsProps) filtered() bool { return p.Query != "" || p.State != "" || p.Edition != "" }

// accountCount says how many accounts match; beyond the bound of counting, how
// many at least.
func accountCount(ctx context.Context, p AccountsProps) string {
	if p.CountCapped {
		return t(ctx, "accounts.count_more", "Count", p.Count)
	}
	return n(ctx, "accounts.count", p.Count)
}

// coverageWords hold the machines that are covered against those that are owned,
// as far as either is known.
func coverageWords(ctx context.Context, r AccountRow) string {
	switch {
	case r.Subscription == nil:
		return t(ctx, "accounts.owned_only", "Owned", r.Owned.Machines)
	case r.Owned == nil:
		return t(ctx, "accounts.covered_only", "Covered", r.Subscription.InstanceCount)
	}
	return t(ctx, "accounts.covered_of", "Covered", r.Subscription.InstanceCount, "Owned", r.Owned.Machines)
}

// accountsSay is what the list has come to.
func accountsSay(ctx context.Context, props AccountsProps) string {
	switch {
	case len(props.Problems) > 0:
		return ""
	case len(props.Rows) == 0 && props.filtered():
		return t(ctx, "accounts.no_match")
	}
	return accountCount(ctx, props)
}

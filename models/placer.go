package models

// Placer is who placed an order. Its account says for whom: where the placer is
// no customer, on behalf of it. What somebody is never changes, so that an order
// keeps saying it.
type Placer struct {
	Role       Role
	Email      string
	ResellerID *int64 // an admin's
	Reseller   string // its name
}

// OnBehalf says whether the order was placed for the account by somebody who is
// not of it.
func (p Placer) OnBehalf() bool { return p.Role != Customer }

// Told is what the viewer is told of who placed an order that they may see: a
// customer's address, and staff and colleagues everybody's. For others Email is
// empty: an order comes from their reseller or from the operator.
func (v Viewer) Told(p Placer) Placer {
	colleague := v.Whose(ActLook) == WhoseReseller && p.ResellerID != nil && *p.ResellerID == *v.User.ResellerID
	if p.OnBehalf() && !v.Staff() && !colleague {
		p.Email = ""
	}
	return p
}

package views

import "context"

// product is what the portal is called on a page: behind the name of the reseller
// whose page it is, if any.
func product(ctx context.Context, p Page) string {
	if p.Seller == "" {
		return t(ctx, "layout.product")
	}
	return t(ctx, "layout.brand", "Seller", p.Seller, "Product", t(ctx, "layout.service"))
}

// profileName is a credential profile in a sentence.
func profileName(ctx context.Context, name string) string {
	if name == "" {
		return t(ctx, "resellers.default")
	}
	return name
}

func resellerTitle(ctx context.Context, props ResellerProps) string {
	if props.Reseller.ID == 0 {
		return t(ctx, "resellers.add")
	}
	return t(ctx, "resellers.edit")
}

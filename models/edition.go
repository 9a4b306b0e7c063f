package models

// Edition is what is bought. Which VersionCode the provider knows it by is data
// in the price book.
type Edition string

// The two editions that the provider sells (provider document: CreateInstance,
// VersionCode).
const (
	Pro        Edition = "pro"
	Enterprise Edition = "enterprise"
)

// Editions lists every edition from the lowest to the highest: an upgrade only
// goes up (provider document: UpgradeInstance).
func Editions() []Edition { return []Edition{Pro, Enterprise} }

// Valid says whether e is one of Editions.
func (e Edition) Valid() bool { return e == Pro || e == Enterprise }

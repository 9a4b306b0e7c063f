package models

import (
	"cmp"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
)

// DefaultProfile is how a person may write the portal's default credential
// profile, which an empty name means: what the SDK finds by itself.
const DefaultProfile = "default"

// ErrLooksLikeAKey is a key where a profile's name is asked for. It is kept
// nowhere and shown to nobody.
var ErrLooksLikeAKey = errors.New("this looks like an access key: write the name of its profile; keys are only in the SDK's files")

var errProfile = errors.New("a profile's name has 1 to 64 letters (a-z, A-Z), digits, - and _, and begins with a letter or a digit")

// profileName leaves out what the SDK's files read in a way of their own: a dot
// makes one section of an ini file another's child, which has its keys.
var profileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// secretLike are 30 letters and digits in both cases: an AccessKeySecret.
var secretLike = regexp.MustCompile(`^[A-Za-z0-9]{30}$`)

// NormalizeProfile makes one spelling of a credential profile's name that a
// person typed: empty for the portal's default. ErrLooksLikeAKey for what should
// not have been typed at all.
func NormalizeProfile(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "" || s == DefaultProfile:
		return "", nil
	case strings.HasPrefix(s, "LTAI"), strings.HasPrefix(s, "STS."),
		secretLike.MatchString(s) && strings.ToLower(s) != s && strings.ToUpper(s) != s:
		return "", ErrLooksLikeAKey
	case !profileName.MatchString(s), strings.EqualFold(s, DefaultProfile): // DEFAULT is what an ini file has outside of its sections
		return "", errProfile
	}
	return s, nil
}

// ResellerFacts are what operators change of a reseller, as the log of changes
// keeps them.
type ResellerFacts struct {
	Name              string `json:"name"`
	CredentialProfile string `json:"credential_profile"`
}

// Facts are the reseller's, as JSON.
func (r Reseller) Facts() string {
	b, err := json.Marshal(ResellerFacts{r.Name, r.CredentialProfile})
	if err != nil {
		return err.Error() // can't be: these are plain values
	}
	return string(b)
}

// Reseller is what was before and after a change of a reseller itself; what was
// not there, or is of another kind of change, is empty.
func (c Change) Reseller() (before, after ResellerFacts) {
	_ = json.Unmarshal([]byte(c.Before), &before)
	_ = json.Unmarshal([]byte(c.After), &after)
	return before, after
}

// Actor is who changes something, as events name them.
func (b By) Actor() string { return cmp.Or(b.Command, b.Viewer.Actor()) }

// Nobody says whether it is not known who it is.
func (b By) Nobody() bool { return b.Command == "" && b.User.ID == 0 }

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"portal/models"
	"portal/provider"
	"portal/store"
)

type doctorCommand struct {
	OwnerID string `name:"owner-id" placeholder:"UID" help:"Ask for this account's machines; default: any account of the database."`
}

// errUnwell makes the command fail after it has said why.
var errUnwell = errors.New("something is wrong; see above")

// Run checks everything that selling needs and says what is wrong in plain
// words. It changes nothing, here and at the provider, but for a row of the
// database's settings that says when a write was last tried.
func (cmd *doctorCommand) Run(ctx context.Context, s *Settings) error {
	d := &diagnosis{}
	cfg, err := s.check()
	if !d.tell("Settings", err, "they are sound") {
		return errUnwell // nothing below can be asked without them
	}
	if cfg.book.Example() {
		d.note("Price book", "its prices are examples; give your own with --price-book")
	} else {
		d.good("Price book", cfg.PriceBook)
	}
	var ownerID int64
	if cmd.OwnerID != "" {
		if ownerID, err = models.ParseOwnerID(cmd.OwnerID); err != nil {
			return wrongSetting("--owner-id %q: %v", cmd.OwnerID, err)
		}
	}
	if cfg.mail == nil {
		d.note("E-mail", "off; docs/mail.md says how to turn it on")
	} else {
		d.tell("E-mail", cfg.mail.Check(ctx), cfg.SMTPServer+" answers and lets the portal in; portal mail test ADDRESS sends one")
	}
	d.provider(ctx, cfg, d.database(ctx, cfg, ownerID))
	if d.unwell {
		return errUnwell
	}
	if d.unclear {
		fmt.Println("Nothing is wrong as far as could be found out, which was not everything.")
		return nil
	}
	fmt.Println("All is well.")
	return nil
}

// diagnosis prints findings and remembers whether one of them is bad or could
// not be made.
type diagnosis struct{ unwell, unclear bool }

func (d *diagnosis) good(what, text string) { fmt.Printf("  ok    %-12s %s\n", what, text) }
func (d *diagnosis) note(what, text string) { fmt.Printf("  note  %-12s %s\n", what, text) }
func (d *diagnosis) bad(what, text string) {
	d.unwell = true
	fmt.Printf("  BAD   %-12s %s\n", what, text)
}

func (d *diagnosis) tell(what string, err error, fine string) bool {
	if err != nil {
		d.bad(what, err.Error())
		return false
	}
	d.good(what, fine)
	return true
}

// database checks the database and returns the credential profiles to ask the
// provider about, each with an account's OwnerId: the default one alone where the
// database can't say. ownerID is asked about with its account's profile; 0 for any.
func (d *diagnosis) database(ctx context.Context, cfg config, ownerID int64) []store.ProfileUse {
	unknown := []store.ProfileUse{{OwnerID: ownerID}}
	name := store.Name(cfg.Database)
	if path, ok := store.File(cfg.Database); ok && !d.file(cfg, path) {
		return unknown
	}
	db, err := store.Open(cfg.Database, nil)
	if err != nil {
		d.bad("Database", err.Error())
		return unknown
	}
	defer func() { _ = db.Close() }()
	if fresh, err := db.Fresh(ctx); err == nil && fresh {
		d.note("Database", name+" answers, and is empty; serve makes its tables")
		return unknown
	}
	if err := db.Ready(ctx); err != nil {
		d.bad("Database", err.Error())
		return unknown
	}
	if fault := db.Inspect(ctx); fault != nil {
		d.bad("Database", name+" can't be written to: "+fault.Err.Error())
		return unknown
	}
	bound, err := db.Provider(ctx)
	if err == nil && bound != "" && bound != cfg.providerName() {
		err = &store.OtherProviderError{Bound: bound, Asked: cfg.providerName()}
	}
	if !d.tell("Database", err, name+" answers and its schema is up to date") {
		return unknown
	}
	d.engine(ctx, db)
	d.auditKey(ctx, cfg, db)
	wrong, err := db.WrongStandings(ctx, 10)
	switch {
	case err != nil:
		d.bad("Lists", err.Error())
	case len(wrong) > 0:
		d.bad("Lists", "what is stored for lists is not what the history says, for accounts with the ids "+strings.Trim(fmt.Sprint(wrong), "[]")+": pages of accounts go by the history, lists sort and filter wrongly")
	}
	held, err := db.CountHeld(ctx)
	switch {
	case err != nil:
		d.bad("Holds", err.Error())
	case held > 0:
		d.note("Holds", count(held, "account")+" held: nothing is ordered for them until an operator has compared them with the provider; portal account held lists them, docs/backups.md says what to do")
	}
	uses, err := profilesFor(ctx, db, ownerID)
	if err != nil {
		d.bad("Profiles", err.Error())
		return unknown
	}
	return uses
}

// profilesFor are the profiles in use, the default one where there are none.
func profilesFor(ctx context.Context, db *store.Store, ownerID int64) ([]store.ProfileUse, error) {
	uses, err := db.ProfilesInUse(ctx, provider.DefaultProfile)
	if err != nil {
		return nil, err
	}
	if len(uses) == 0 {
		uses = []store.ProfileUse{{}}
	}
	if ownerID == 0 {
		return uses, nil
	}
	profile := ""
	account, err := db.AccountByOwner(ctx, ownerID)
	if err == nil {
		profile, err = db.ProfileOf(ctx, account)
	}
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return nil, err
	}
	for i := range uses {
		if uses[i].Profile == profile {
			uses[i].OwnerID = ownerID
			return uses, nil
		}
	}
	return append([]store.ProfileUse{{Profile: profile, OwnerID: ownerID}}, uses...), nil
}

// engine checks what the record rests on, where the engine does not come with
// this program.
func (d *diagnosis) engine(ctx context.Context, db *store.Store) {
	name, traits, err := db.Engine(ctx)
	if err != nil {
		d.bad("Engine", err.Error())
		return
	}
	var has []string
	for _, t := range traits {
		switch {
		case t.Err != nil:
			d.unclear = true
			d.note("Engine", t.Name+": could not be found out: "+t.Err.Error())
		case t.Missing != "":
			d.bad("Engine", t.Missing)
		default:
			has = append(has, t.Name)
		}
	}
	if len(has) > 0 {
		d.good("Engine", name+" has "+strings.Join(has, ", "))
	}
	if off := time.Until(db.Now()).Round(time.Second); off.Abs() > 10*time.Second {
		d.note("Engine", fmt.Sprintf("its clock is %s away from this machine's, and leases go by it: set both (NTP)", off.Abs()))
	}
}

// file says whether an SQLite file is there to be opened, which would make it.
func (d *diagnosis) file(cfg config, path string) bool {
	if info, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) && (err != nil || info.Size() > 0) {
		return true
	}
	if err := cfg.unfinishedRestore(); err != nil {
		d.bad("Database", err.Error())
		return false
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".portal-doctor-*")
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil {
		d.bad("Database", "serve can't make it: "+err.Error())
	} else {
		d.note("Database", path+" is not there yet; serve makes it")
	}
	return false
}

// auditKey checks that the history can go on being signed. It makes no key.
func (d *diagnosis) auditKey(ctx context.Context, cfg config, db *store.Store) {
	const what = "Audit key"
	file := cfg.auditKeyFile()
	anchor, err := db.Anchor(ctx)
	if err != nil {
		d.bad(what, err.Error())
		return
	}
	if file == "" {
		d.note(what, "none: the history is not signed; name the file that all portals of this database share with --audit-key")
		return
	}
	keys, err := readAuditKeys(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && anchor == "":
		if _, ok := store.File(cfg.Database); ok {
			d.note(what, file+" is not there yet; serve makes it")
		} else {
			d.bad(what, file+" is not there: portal audit key --new makes it, and all portals of this database need the same")
		}
		return
	case errors.Is(err, fs.ErrNotExist):
		d.bad(what, file+" is not there, and has signed the history before: put it back, or name it with --audit-key")
		return
	case err != nil:
		d.bad(what, err.Error())
		return
	case !keys.Signs():
		d.bad(what, file+" has public keys only: nothing can be signed with them")
		return
	}
	if anchor != "" {
		if _, err := keys.Open(anchor); err != nil {
			d.bad(what, "the newest checkpoint of the history: "+err.Error()+"; see portal audit verify")
			return
		}
	}
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
		d.bad(what, fmt.Sprintf("%s may be read by others (%s): chmod 600", file, info.Mode().Perm()))
		return
	}
	d.good(what, file+" signs the history")
}

// provider asks the provider for a number of machines, with the key of each profile
// that is in use, and puts what that shows into words. What is the same for all of
// them is said once.
func (d *diagnosis) provider(ctx context.Context, cfg config, uses []store.ProfileUse) {
	client, err := provider.New(cfg.providerConfig())
	if err != nil {
		d.bad("Provider", err.Error())
		return
	}
	defer client.Close()
	if cfg.embeddedSandbox() {
		d.good("Provider", "the built-in sandbox; it runs inside serve, and nothing is bought for real")
		for _, use := range uses {
			if err := client.HasKey(ctx, use.Profile); err != nil {
				d.bad("Credentials", profileText(use)+"none: the sandbox has the profiles "+provider.DefaultProfile+", huadong and north")
			}
		}
		return
	}
	reached := false
	for _, use := range uses {
		r := client.Check(ctx, use.Profile, use.OwnerID)
		if r.Credentials != provider.Yes {
			d.bad("Credentials", profileText(use)+noKey(use)+r.Problem)
			continue
		}
		d.good("Credentials", profileText(use)+"found ("+r.Source+")")
		if !reached {
			d.way(r)
			reached = true
		}
		d.key(use, r)
	}
}

// way is whether the provider is reached, and by which time.
func (d *diagnosis) way(r provider.CheckResult) {
	d.finding("Endpoint", r.Reachable, "reached "+r.Endpoint,
		"nothing answers at "+r.Endpoint+": check --provider-endpoint, the network and its proxy. "+r.Problem)
	d.finding("TLS", r.TLS, "the certificate is good",
		"the certificate of "+r.Endpoint+" is not trusted: check the endpoint and this machine's root certificates. "+r.Problem)
	if r.Reachable == provider.Yes && r.Answered == provider.No {
		d.bad("Answer", "something answers at "+r.Endpoint+", but not as the provider does. "+r.Problem)
	}
	if r.SkewKnown {
		text := fmt.Sprintf("%s away from the provider's", r.Skew.Abs().Round(time.Second))
		switch {
		case r.Skew.Abs() > models.MaxSkew:
			d.bad("Clock", text+": the portal takes no new orders beyond 5 minutes, and the provider refuses more than 15; set this machine's clock (NTP)")
		case r.Skew.Abs() > time.Minute:
			d.note("Clock", text+": set this machine's clock (NTP) before it drifts further")
		default:
			d.good("Clock", text)
		}
	} else {
		d.finding("Clock", r.Clock, "close enough to the provider's",
			"the provider refuses this machine's time: set its clock (NTP)")
	}
}

// key is what the provider says of a profile's key.
func (d *diagnosis) key(use store.ProfileUse, r provider.CheckResult) {
	of := profileText(use)
	answer := ""
	if r.Code != "" {
		answer = fmt.Sprintf(" The provider answered %s (%s), RequestId %s.", r.Code, r.Message, r.RequestID)
	}
	d.finding("Key", r.KeyKnown, of+"the provider knows the AccessKeyId",
		of+"the provider does not know the AccessKeyId: check that it is active."+answer)
	d.finding("Signature", r.Signature, of+"accepted",
		of+"refused: the AccessKeySecret does not belong to the AccessKeyId."+answer)
	d.finding("Permission", r.Allowed, fmt.Sprintf("%smay ask for owner %d, who has %d machines", of, use.OwnerID, r.Machines),
		fmt.Sprintf("%smay not ask for owner %d: check the RAM policy and that the account is this reseller's.%s", of, use.OwnerID, answer))
}

// profileText begins a line about a profile that has a name.
func profileText(use store.ProfileUse) string {
	if use.Profile == "" {
		return ""
	}
	return "profile " + use.Profile + ": "
}

// noKey says what a profile without a key is needed for, and what to do.
func noKey(use store.ProfileUse) string {
	if use.Profile == "" {
		return "none found: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or write the SDK's credentials file. "
	}
	text := "none found"
	if len(use.Sellers) > 0 {
		text += fmt.Sprintf("; nothing can be ordered for the accounts of %q", use.Sellers)
	}
	if use.Orders > 0 {
		text += "; " + count(use.Orders, "order") + " under way began with it, and can be sent with no other"
	}
	return text + ". Write it into one of the SDK's files on this machine. "
}

func (d *diagnosis) finding(what string, f provider.Finding, fine, wrong string) {
	switch f {
	case provider.Yes:
		d.good(what, fine)
	case provider.No:
		d.bad(what, wrong)
	case provider.Unclear:
		d.unclear = true
		d.note(what, "could not be found out")
	case provider.NotUsed:
	}
}

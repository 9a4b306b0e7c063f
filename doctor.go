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
// words. It changes nothing, here and at the provider.
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
	ownerID := d.database(ctx, cfg)
	if cmd.OwnerID != "" {
		if ownerID, err = models.ParseOwnerID(cmd.OwnerID); err != nil {
			return wrongSetting("--owner-id %q: %v", cmd.OwnerID, err)
		}
	}
	if cfg.embeddedSandbox() {
		d.good("Provider", "the built-in sandbox; it runs inside serve, and nothing is bought for real")
	} else {
		d.provider(ctx, cfg, ownerID)
	}
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

// database checks the database and returns an account's OwnerId to ask the
// provider about, 0 without one.
func (d *diagnosis) database(ctx context.Context, cfg config) int64 {
	name := store.Name(cfg.Database)
	if path, ok := store.File(cfg.Database); ok && !d.file(cfg, path) {
		return 0
	}
	db, err := store.Open(cfg.Database, nil)
	if err != nil {
		d.bad("Database", err.Error())
		return 0
	}
	defer func() { _ = db.Close() }()
	if fresh, err := db.Fresh(ctx); err == nil && fresh {
		d.note("Database", name+" answers, and is empty; serve makes its tables")
		return 0
	}
	if err := db.Ready(ctx); err != nil {
		d.bad("Database", err.Error())
		return 0
	}
	if err := db.Writable(ctx); err != nil {
		d.bad("Database", name+" takes no writes: "+err.Error())
		return 0
	}
	bound, err := db.Provider(ctx)
	if err == nil && bound != "" && bound != cfg.providerName() {
		err = &store.OtherProviderError{Bound: bound, Asked: cfg.providerName()}
	}
	if !d.tell("Database", err, name+" answers and its schema is up to date") {
		return 0
	}
	d.engine(ctx, db)
	d.auditKey(ctx, cfg, db)
	held, err := db.CountHeld(ctx)
	switch {
	case err != nil:
		d.bad("Holds", err.Error())
	case held > 0:
		d.note("Holds", count(held, "account")+" held: nothing is ordered for them until an operator has compared them with the provider; portal account held lists them, docs/backups.md says what to do")
	}
	accounts, err := db.Accounts(ctx, models.Viewer{User: models.User{Role: models.Operator}}, "", 0, 1)
	if err != nil || len(accounts) == 0 {
		return 0
	}
	return accounts[0].OwnerID
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

// provider asks the provider for a number of machines and puts what that shows
// into words.
func (d *diagnosis) provider(ctx context.Context, cfg config, ownerID int64) {
	client, err := provider.New(cfg.providerConfig())
	if err != nil {
		d.bad("Provider", err.Error())
		return
	}
	defer client.Close()
	r := client.Check(ctx, ownerID)

	switch r.Credentials {
	case provider.Yes:
		d.good("Credentials", "found ("+r.Source+")")
	case provider.No, provider.Unclear, provider.NotUsed:
		d.bad("Credentials", "none found: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or write the SDK's credentials file. "+r.Problem)
		return
	}
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
	answer := ""
	if r.Code != "" {
		answer = fmt.Sprintf(" The provider answered %s (%s), RequestId %s.", r.Code, r.Message, r.RequestID)
	}
	d.finding("Key", r.KeyKnown, "the provider knows the AccessKeyId",
		"the provider does not know the AccessKeyId: check that it is active."+answer)
	d.finding("Signature", r.Signature, "accepted",
		"refused: the AccessKeySecret does not belong to the AccessKeyId."+answer)
	d.finding("Permission", r.Allowed, fmt.Sprintf("may ask for owner %d, who has %d machines", ownerID, r.Machines),
		fmt.Sprintf("may not ask for owner %d: check the RAM policy and that the account is this reseller's.%s", ownerID, answer))
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
